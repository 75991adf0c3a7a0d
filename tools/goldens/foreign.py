"""Makes test/foreign/goldens: small networks with random weights in PyTorch's own modules, their files and what they compute.

Run from the project's root with PyTorch 1.13 or newer: python3 tools/goldens/foreign.py test/foreign/goldens
The modules follow the authors' publications (SRVGGNetCompact and RRDBNet: Real-ESRGAN; SPAN; DnCNN, FDnCNN and FFDNet: KAIR).
"""

import base64
import collections
import json
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(19)
torch.set_num_threads(1)
OUT = sys.argv[1]


class Compact(nn.Module):
    def __init__(self, colours, feat, convs, scale):
        super().__init__()
        self.scale = scale
        body = [nn.Conv2d(colours, feat, 3, 1, 1), nn.PReLU(feat)]
        for _ in range(convs):
            body += [nn.Conv2d(feat, feat, 3, 1, 1), nn.PReLU(feat)]
        self.body = nn.ModuleList(body + [nn.Conv2d(feat, colours * scale * scale, 3, 1, 1)])

    def forward(self, x):
        out = x
        for layer in self.body:
            out = layer(out)
        return F.pixel_shuffle(out, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class Dense(nn.Module):
    def __init__(self, feat, grow, plus):
        super().__init__()
        for i in range(1, 6):
            setattr(self, f"conv{i}", nn.Conv2d(feat + (i - 1) * grow, grow if i < 5 else feat, 3, 1, 1))
        self.conv1x1 = nn.Conv2d(feat, grow, 1, bias=False) if plus else None

    def forward(self, x):
        act = lambda v: F.leaky_relu(v, 0.2)
        x1 = act(self.conv1(x))
        x2 = act(self.conv2(torch.cat((x, x1), 1)))
        if self.conv1x1 is not None:
            x2 = x2 + self.conv1x1(x)
        x3 = act(self.conv3(torch.cat((x, x1, x2), 1)))
        x4 = act(self.conv4(torch.cat((x, x1, x2, x3), 1)))
        if self.conv1x1 is not None:
            x4 = x4 + x2
        return self.conv5(torch.cat((x, x1, x2, x3, x4), 1)) * 0.2 + x


class Rrdb(nn.Module):
    def __init__(self, feat, grow, plus):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (Dense(feat, grow, plus) for _ in range(3))

    def forward(self, x):
        return self.rdb3(self.rdb2(self.rdb1(x))) * 0.2 + x


class RrdbNet(nn.Module):
    """`ups` enlargements by two; `unshuffle` blocks of pixels become channels first."""

    def __init__(self, ups, unshuffle=1, feat=6, grow=4, blocks=2, plus=False):
        super().__init__()
        self.ups, self.unshuffle = ups, unshuffle
        self.conv_first = nn.Conv2d(3 * unshuffle**2, feat, 3, 1, 1)
        self.body = nn.Sequential(*[Rrdb(feat, grow, plus) for _ in range(blocks)])
        self.conv_body = nn.Conv2d(feat, feat, 3, 1, 1)
        for i in range(1, ups + 1):
            setattr(self, f"conv_up{i}", nn.Conv2d(feat, feat, 3, 1, 1))
        self.conv_hr = nn.Conv2d(feat, feat, 3, 1, 1)
        self.conv_last = nn.Conv2d(feat, 3, 3, 1, 1)

    def forward(self, x):
        x = F.pixel_unshuffle(x, self.unshuffle) if self.unshuffle > 1 else x
        feat = self.conv_first(x)
        feat = feat + self.conv_body(self.body(feat))
        for i in range(1, self.ups + 1):
            feat = F.leaky_relu(getattr(self, f"conv_up{i}")(F.interpolate(feat, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(feat), 0.2))


def first_names(state, ups):
    """The names of the first ESRGAN's file, for the same weights."""
    names = collections.OrderedDict()
    last = 4 + 3 * ups
    for key, value in state.items():
        part, kind = key.rsplit(".", 1)
        words = part.split(".")
        if words[0] == "body":
            convs = words[3] if words[3] == "conv1x1" else f"{words[3]}.0"
            name = f"model.1.sub.{words[1]}.{words[2].upper()}.{convs}"
        else:
            blocks = max(int(k.split(".")[1]) for k in state if k.startswith("body.")) + 1
            name = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}", "conv_hr": f"model.{last - 2}",
                    "conv_last": f"model.{last}"}.get(part) or f"model.{3 * int(part[-1])}"
        names[f"{name}.{kind}"] = value
    return names


def middle_names(state):
    """BSRGAN's and RealSR's names."""
    names = collections.OrderedDict()
    for key, value in state.items():
        key = key.replace("body.", "RRDB_trunk.", 1) if key.startswith("body.") else key
        key = key.replace("rdb", "RDB") if key.startswith("RRDB_trunk") else key
        key = key.replace("conv_body", "trunk_conv").replace("conv_up", "upconv").replace("conv_hr", "HRconv")
        names[key] = value
    return names


class Conv3XC(nn.Module):
    def __init__(self, c_in, c_out, gain=2):
        super().__init__()
        self.sk = nn.Conv2d(c_in, c_out, 1)
        self.conv = nn.Sequential(
            nn.Conv2d(c_in, c_in * gain, 1), nn.Conv2d(c_in * gain, c_out * gain, 3), nn.Conv2d(c_out * gain, c_out, 1))
        self.eval_conv = nn.Conv2d(c_in, c_out, 3, padding=1)

    def forward(self, x):
        # As in training: the branches one by one.
        return self.conv(F.pad(x, (1, 1, 1, 1))) + self.sk(x)


class PaddedConv3XC(Conv3XC):
    def merged(self):
        """The authors' way to merge the branches, with torch's own convolution."""
        w1, b1 = self.conv[0].weight, self.conv[0].bias
        w2, b2 = self.conv[1].weight, self.conv[1].bias
        w3, b3 = self.conv[2].weight, self.conv[2].bias
        w = F.conv2d(w1.flip(2, 3).permute(1, 0, 2, 3), w2, padding=2).flip(2, 3).permute(1, 0, 2, 3)
        b = (w2 * b1.reshape(1, -1, 1, 1)).sum((1, 2, 3)) + b2
        weight = F.conv2d(w.flip(2, 3).permute(1, 0, 2, 3), w3).flip(2, 3).permute(1, 0, 2, 3)
        bias = (w3 * b.reshape(1, -1, 1, 1)).sum((1, 2, 3)) + b3
        return weight + F.pad(self.sk.weight, [1, 1, 1, 1]), bias + self.sk.bias

    def forward(self, x):
        weight, bias = self.merged()
        return F.conv2d(x, weight, bias, padding=1)


class Spab(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = (PaddedConv3XC(c, c) for _ in range(3))

    def forward(self, x):
        out1 = self.c1_r(x)
        out3 = self.c3_r(F.silu(self.c2_r(F.silu(out1))))
        return (out3 + x) * (torch.sigmoid(out3) - 0.5), out1


class Span(nn.Module):
    def __init__(self, feat, scale, norm):
        super().__init__()
        if not norm:
            self.register_buffer("no_norm", torch.zeros(1))
        self.scale, self.norm = scale, norm
        self.conv_1 = PaddedConv3XC(3, feat)
        for i in range(1, 7):
            setattr(self, f"block_{i}", Spab(feat))
        self.conv_cat = nn.Conv2d(feat * 4, feat, 1)
        self.conv_2 = PaddedConv3XC(feat, feat)
        self.upsampler = nn.Sequential(nn.Conv2d(feat, 3 * scale * scale, 3, 1, 1), nn.PixelShuffle(scale))

    def forward(self, x):
        if self.norm:
            x = (x - torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)) * 255.0
        feat = self.conv_1(x)
        outs, firsts, hidden = [], [], feat
        for i in range(1, 7):
            hidden, first = getattr(self, f"block_{i}")(hidden)
            outs.append(hidden)
            firsts.append(first)
        return self.upsampler(self.conv_cat(torch.cat([feat, self.conv_2(outs[5]), outs[0], firsts[5]], 1)))


class Chain(nn.Module):
    """DnCNN, FDnCNN and FFDNet of KAIR."""

    def __init__(self, colours, kind, feat=6, convs=8, norm=False):
        super().__init__()
        self.kind = kind
        first, last = {"DnCNN": (colours, colours), "FDnCNN": (colours + 1, colours),
                       "FFDNet": (colours * 4 + 1, colours * 4)}[kind]
        layers = [nn.Conv2d(first, feat, 3, 1, 1), nn.ReLU()]
        for _ in range(convs - 2):
            layers.append(nn.Conv2d(feat, feat, 3, 1, 1))
            if norm:
                layers.append(nn.BatchNorm2d(feat, momentum=0.9, eps=1e-4, affine=True))
            layers.append(nn.ReLU())
        self.model = nn.Sequential(*layers, nn.Conv2d(feat, last, 3, 1, 1))

    def forward(self, x, sigma):
        if self.kind == "DnCNN":
            return x - self.model(x)
        if self.kind == "FDnCNN":
            return self.model(torch.cat([x, sigma.expand(1, 1, *x.shape[2:])], 1))
        small = F.pixel_unshuffle(x, 2)
        return F.pixel_shuffle(self.model(torch.cat([small, sigma.expand(1, 1, *small.shape[2:])], 1)), 2)


def b64(t):
    return base64.b64encode(t.detach().contiguous().numpy().astype("<f4").tobytes()).decode()


CASES = {}


def case(name, net, states=None, colours=3, sigma=None, legacy=False):
    net.eval()
    x = torch.rand(1, colours, 4, 8)
    with torch.no_grad():
        out = net(x) if sigma is None else net(x, torch.tensor(sigma / 255.0))
    files = []
    for suffix, state in (states or {"": net.state_dict()}).items():
        file = f"{name}{suffix}.pth"
        torch.save(state, f"{OUT}/{file}", _use_new_zipfile_serialization=not legacy)
        files.append(file)
    CASES[name] = {"files": files, "sigma": sigma, "inputShape": list(x.shape), "input": b64(x),
                   "outputShape": list(out.shape), "output": b64(out)}


with torch.no_grad():
    case("compact-x4", Compact(3, 8, 2, 4))
    case("compact-x2-half", Compact(3, 8, 2, 2).half().float(), legacy=True)
    case("compact-gray-x1", Compact(1, 8, 3, 1), colours=1)
    for ups, scale in ((0, 1), (1, 2), (2, 4)):
        net = RrdbNet(ups)
        state = net.state_dict()
        case(f"rrdb-x{scale}", net, {"": {"params_ema": state}, "-first": first_names(state, ups), "-middle": middle_names(state)})
    case("rrdb-x1-unshuffle", RrdbNet(2, unshuffle=4))
    case("rrdb-x2-unshuffle", RrdbNet(2, unshuffle=2))
    net = RrdbNet(2, plus=True)
    case("rrdb-plus-x4", net, {"-first": first_names(net.state_dict(), 2)})
    case("span-x2", Span(6, 2, norm=True))
    case("span-x4-no-norm", Span(6, 4, norm=False), legacy=True)
    case("dncnn", Chain(3, "DnCNN"), sigma=0)
    net = Chain(1, "DnCNN", norm=True)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0, 0.1)
    case("dncnn-norm-gray", net, colours=1, sigma=0)
    case("fdncnn", Chain(3, "FDnCNN"), sigma=30.0)
    case("ffdnet", Chain(3, "FFDNet"), sigma=50.0)

json.dump(CASES, open(f"{OUT}/cases.json", "w"), indent=1)

# What an exporter makes of a network whose height and width are free.
net = Compact(3, 8, 2, 2).eval()
x = torch.rand(1, 3, 8, 12)
torch.onnx.export(net, x, f"{OUT}/dynamic-x2.onnx", opset_version=13, input_names=["input"], output_names=["output"],
                  dynamic_axes={"input": {0: "n", 2: "h", 3: "w"}, "output": {0: "n", 2: "H", 3: "W"}})
torch.onnx.export(net, torch.rand(1, 3, 16, 16), f"{OUT}/static-x2.onnx", opset_version=13)
y = torch.rand(1, 3, 9, 7)
with torch.no_grad():
    out = net(y)
json.dump({"inputShape": list(y.shape), "input": b64(y), "outputShape": list(out.shape), "output": b64(out)},
          open(f"{OUT}/dynamic-x2.json", "w"))

# What torch.save makes of other things: views, types, and what a training run keeps beside its weights.
base = torch.arange(24, dtype=torch.float32)
values = {
    "state_dict": collections.OrderedDict(
        matrix=base.view(4, 6), transposed=base.view(4, 6).t(), part=base[5:11],
        half=torch.tensor([0.5, -2.0]).half(), bfloat16=torch.tensor([0.5, -2.0]).bfloat16(),
        double=torch.tensor([math.pi], dtype=torch.float64), long=torch.tensor([-(2**40)]), bool=torch.tensor([True, False]),
        short=torch.tensor([1, 2], dtype=torch.int16), parameter=nn.Parameter(torch.tensor([[1.5]])), scalar=torch.tensor(7.0)),
    "optimizer_states": [{"lr": 1e-4}], "global_step": 840000, "epoch": 3, "note": "training",
}
torch.save(values, f"{OUT}/run.pth")
torch.save(values, f"{OUT}/run-legacy.pth", _use_new_zipfile_serialization=False)
