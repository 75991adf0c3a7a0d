// https://spec.openapis.org/oas/v3.1.0
import { contentTypes } from './assignment.js';
import { parameters } from './order.js';
import type { Service } from './service.js';

type Json = Readonly<Record<string, unknown>>;

const errorContent = {
  'application/json': { schema: { $ref: '#/components/schemas/Error' } },
};

const problems: Readonly<Record<number, string>> = {
  400: 'A parameter or the form is wrong.',
  404: 'There is no such job.',
  409: 'The job is not done, or has failed.',
  413: 'Too many bytes or pixels, or more memory than there is.',
  415: 'Not an image, or not of a format that is read.',
  422: 'The image is damaged, or cannot be written in the format asked for.',
  429: 'Too much to do; Retry-After says when to come back.',
  503: 'The server is stopping, or its disk is full, or the work took too long.',
};

/** The description of the API, with this server's limits. */
export function openApi({ version, limits }: Service): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'nanosd serve',
      version,
      description: 'Restores photos: image in, image out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/v1/restore': { post: restoreOperation(limits.maxBytes) },
      '/v1/jobs': { post: submitOperation(limits.maxBytes) },
      '/v1/jobs/{id}': jobOperations(),
      '/v1/jobs/{id}/result': resultOperation(),
      '/v1/models': plain('models', 'The models that are open.'),
      '/healthz': plain('health', 'Whether the process runs.'),
      '/readyz': plain('readiness', 'Whether it takes requests; 503 while it stops.'),
      '/metrics': plain('metrics', 'Counters for Prometheus.', 'text/plain'),
    },
    components: { schemas },
  };
}

function answers(success: Json, codes: readonly (keyof typeof problems)[]): Json {
  const failures = codes.map((code): [string, Json] => [
    String(code),
    { description: problems[code], content: errorContent },
  ]);
  return { ...success, ...Object.fromEntries(failures) };
}

const jobContent = { 'application/json': { schema: { $ref: '#/components/schemas/Job' } } };

const imageAnswer = {
  200: {
    description: 'The restored photo. Nanosd-* headers say what was done.',
    headers: {
      'Nanosd-Size': { description: 'WIDTHxHEIGHT', schema: { type: 'string' } },
      'Nanosd-Lost': {
        description: 'What the photo had and its new format cannot hold.',
        schema: { type: 'string' },
      },
    },
    content: Object.fromEntries(Object.values(contentTypes).map((type) => [type, {}])),
  },
};

function photoBody(maxBytes: number): Json {
  const photo = {
    description: `At most ${maxBytes} bytes of JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP.`,
  };
  const fields = Object.entries(parameters).map(([name, { schema }]): [string, Json] => [
    name,
    schema,
  ]);
  const form = {
    type: 'object',
    properties: { image: { type: 'string', format: 'binary' }, ...Object.fromEntries(fields) },
    required: ['image'],
  };
  const content = {
    'image/*': photo,
    'application/octet-stream': photo,
    'multipart/form-data': { schema: form },
  };
  return { required: true, content };
}

const queryParameters = Object.entries(parameters).map(([name, parameter]) => {
  return { name, in: 'query', required: false, ...parameter };
});

function restoreOperation(maxBytes: number): Json {
  return {
    operationId: 'restore',
    summary: 'Restore a photo, and wait for it.',
    parameters: queryParameters,
    requestBody: photoBody(maxBytes),
    responses: answers(imageAnswer, [400, 413, 415, 422, 429, 503]),
  };
}

function submitOperation(maxBytes: number): Json {
  return {
    operationId: 'submitJob',
    summary: 'Restore a photo while nobody waits on the line.',
    parameters: queryParameters,
    requestBody: photoBody(maxBytes),
    responses: answers(
      { 202: { description: 'Accepted; Location is where to ask.', content: jobContent } },
      [400, 413, 415, 422, 429, 503],
    ),
  };
}

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

function jobOperations(): Json {
  return {
    parameters: [id],
    get: {
      operationId: 'showJob',
      summary: 'How far a job is.',
      responses: answers({ 200: { description: 'The job.', content: jobContent } }, [404]),
    },
    delete: {
      operationId: 'removeJob',
      summary: 'Stop a job and forget it and its result.',
      responses: answers({ 204: { description: 'There is no such job any more.' } }, [404]),
    },
  };
}

function resultOperation(): Json {
  const responses = answers(imageAnswer, [404, 409]);
  const get = { operationId: 'jobResult', summary: 'What a job has made.', responses };
  return { parameters: [id], get };
}

function plain(operationId: string, summary: string, type = 'application/json'): Json {
  const responses = { 200: { description: summary, content: { [type]: {} } } };
  return { get: { operationId, summary, responses } };
}

const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };

const schemas = {
  Error: {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          code: { type: 'string', description: 'For programs.' },
          message: { type: 'string', description: 'What was expected, what came, what to do.' },
        },
        required: ['code', 'message'],
      },
    },
    required: ['error'],
  },
  Job: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      status: { enum: ['waiting', 'running', 'done', 'failed'] },
      ...{ created: time, started: time, finished: time, expires: time },
      ahead: { ...count, description: 'How many have their turn before it.' },
      progress: { type: 'object', properties: { done: count, total: count } },
      result: {
        type: 'object',
        properties: { type: { type: 'string' }, bytes: count, width: count, height: count },
      },
      error: {
        type: 'object',
        properties: { code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    required: ['id', 'status', 'created'],
  },
};
