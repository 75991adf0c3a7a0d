// What can be done with the models that are installed: little to load, as the command's help needs it.
export { installedModels } from './restoration/tasks/installedModels-node.js';
export { tasksOf, type Effort, type RestorationTask } from './restoration/tasks/tasks.js';
