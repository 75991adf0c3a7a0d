"""Times Stable Diffusion 1.5's networks under PyTorch, with random weights, as a peer of `npm run bench -- sd15`.

    python3 tools/peers/sd15.py [unet|encode|decode ...]

Written from the architecture, not from the reference implementation; layers, widths and sizes are those of SD 1.5
at 512x512 pixels, so times compare. Prints the median of three runs after one to warm up, and the peak memory.
"""

import os
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Resnet(nn.Module):
    def __init__(self, cin, cout, temb, eps):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(32, cin, eps), nn.GroupNorm(32, cout, eps)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.time = nn.Linear(temb, cout) if temb else None
        self.shortcut = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x, temb=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if self.time is not None:
            h = h + self.time(F.silu(temb))[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    def __init__(self, width, context, heads, bias=False):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias)
        self.k, self.v = nn.Linear(context, width, bias), nn.Linear(context, width, bias)
        self.out = nn.Linear(width, width)

    def forward(self, x, context):
        n, length, width = x.shape
        split = lambda t: t.reshape(n, -1, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q(x)), split(self.k(context)), split(self.v(context))
        weights = torch.softmax(q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5, -1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, length, width))


class Transformer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, 1e-6)
        self.proj_in, self.proj_out = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.own, self.cross = Attention(width, width, 8), Attention(width, 768, 8)
        self.up, self.down = nn.Linear(width, 8 * width), nn.Linear(4 * width, width)

    def forward(self, x, context):
        n, c, h, w = x.shape
        t = self.proj_in(self.norm(x)).reshape(n, c, h * w).transpose(1, 2)
        a = self.norms[0](t)
        t = t + self.own(a, a)
        t = t + self.cross(self.norms[1](t), context)
        value, gate = self.up(self.norms[2](t)).chunk(2, -1)
        t = t + self.down(value * F.gelu(gate))
        return x + self.proj_out(t.transpose(1, 2).reshape(n, c, h, w))


class Unet(nn.Module):
    widths = (320, 640, 1280, 1280)

    def __init__(self):
        super().__init__()
        widths = self.widths
        self.conv_in = nn.Conv2d(4, 320, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(320, 1280), nn.SiLU(), nn.Linear(1280, 1280))
        self.down, self.up, skips, width = nn.ModuleList(), nn.ModuleList(), [320], 320
        for level, out in enumerate(widths):
            for _ in range(2):
                self.down.append(self.layer(width, out, level < 3))
                width = out
                skips.append(width)
            if level < 3:
                self.down.append(nn.ModuleList([nn.Conv2d(width, width, 3, 2, 1)]))
                skips.append(width)
        self.mid = nn.ModuleList([Resnet(1280, 1280, 1280, 1e-5), Transformer(1280), Resnet(1280, 1280, 1280, 1e-5)])
        for level, out in reversed(list(enumerate(widths))):
            for layer in range(3):
                self.up.append(self.layer(width + skips.pop(), out, level < 3))
                width = out
            if level > 0:
                self.up.append(nn.ModuleList([nn.Conv2d(width, width, 3, padding=1)]))
        self.norm, self.conv_out = nn.GroupNorm(32, 320, 1e-5), nn.Conv2d(320, 4, 3, padding=1)

    @staticmethod
    def layer(cin, cout, attends):
        parts = [Resnet(cin, cout, 1280, 1e-5)] + ([Transformer(cout)] if attends else [])
        return nn.ModuleList(parts)

    @staticmethod
    def run(parts, x, temb, context):
        x = parts[0](x, temb)
        return parts[1](x, context) if len(parts) > 1 else x

    def forward(self, x, sinusoid, context):
        temb = self.time(sinusoid)
        x = self.conv_in(x)
        skips = [x]
        for parts in self.down:
            x = parts[0](x) if isinstance(parts[0], nn.Conv2d) else self.run(parts, x, temb, context)
            skips.append(x)
        x = self.mid[2](self.mid[1](self.mid[0](x, temb), context), temb)
        for parts in self.up:
            if isinstance(parts[0], nn.Conv2d):
                x = parts[0](F.interpolate(x, scale_factor=2.0))
            else:
                x = self.run(parts, torch.cat([x, skips.pop()], 1), temb, context)
        return self.conv_out(F.silu(self.norm(x)))


class Mid(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Resnet(512, 512, 0, 1e-6), Resnet(512, 512, 0, 1e-6)
        self.norm, self.attention = nn.GroupNorm(32, 512, 1e-6), Attention(512, 512, 1, True)

    def forward(self, x):
        x = self.a(x)
        n, c, h, w = x.shape
        t = self.norm(x).reshape(n, c, h * w).transpose(1, 2)
        return self.b(x + self.attention(t, t).transpose(1, 2).reshape(n, c, h, w))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_in, parts, width = nn.Conv2d(3, 128, 3, padding=1), [], 128
        for level, out in enumerate((128, 256, 512, 512)):
            parts += [Resnet(width, out, 0, 1e-6), Resnet(out, out, 0, 1e-6)]
            width = out
            if level < 3:
                parts += [nn.ConstantPad2d((0, 1, 0, 1), 0.0), nn.Conv2d(width, width, 3, 2)]
        self.parts, self.mid = nn.Sequential(*parts), Mid()
        self.norm, self.conv_out = nn.GroupNorm(32, 512, 1e-6), nn.Conv2d(512, 8, 3, padding=1)
        self.quant = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.quant(self.conv_out(F.silu(self.norm(self.mid(self.parts(self.conv_in(x)))))))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.conv_in, self.mid = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 512, 3, padding=1), Mid()
        parts, width = [], 512
        for level, out in enumerate((512, 512, 256, 128)):
            for _ in range(3):
                parts.append(Resnet(width, out, 0, 1e-6))
                width = out
            if level < 3:
                parts += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1)]
        self.parts = nn.Sequential(*parts)
        self.norm, self.conv_out = nn.GroupNorm(32, 128, 1e-6), nn.Conv2d(128, 3, 3, padding=1)

    def forward(self, x):
        return self.conv_out(F.silu(self.norm(self.parts(self.mid(self.conv_in(self.quant(x)))))))


CASES = {
    "unet": (Unet, ((1, 4, 64, 64), (1, 320), (1, 77, 768)), 859_520_964),
    "encode": (Encoder, ((1, 3, 512, 512),), 34_163_664),
    "decode": (Decoder, ((1, 4, 64, 64),), 49_490_199),
}


def main(names):
    # Some containers make OpenMP see one core; the peer gets every core, as the engine does.
    torch.set_num_threads(os.cpu_count())
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    for name in names:
        build, shapes, parameters = CASES[name]
        network = build().eval()
        count = sum(p.numel() for p in network.parameters())
        assert count == parameters, f"{name}: expected {parameters} parameters, got {count}"
        inputs = [torch.randn(shape) for shape in shapes]
        seconds = []
        with torch.inference_mode():
            for _ in range(4):
                begun = time.perf_counter()
                network(*inputs)
                seconds.append(time.perf_counter() - begun)
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{name}: {statistics.median(seconds[1:]):.2f} s, peak RSS {rss:.0f} MB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(CASES))
