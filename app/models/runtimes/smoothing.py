"""Takes the peaks out of activations, so that rounding them to bytes costs little.

A few of the inputs of a product are some ten times as large as the others, for every token, and
their size decides the step by which all of a row are rounded. Each input i is divided by a factor
and its row of the weights, which no one input decides, multiplied by it, so that the product stays

    x · W = (x / f) · (f · W)        f_i = √( max |x_i| / max |W_i| )

which halves the difference between both, in powers of ten. After Xiao et al., "SmoothQuant" (2022),
with its strength of a half; on MiniLM 0.3 and 0.7 kept less (see rounding.py for what is kept).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

_LEAST = 1e-5  # of a factor's parts: some inputs are never used


def watch(source: Path, target: Path) -> list[str]:
    """Write the graph with the activations that go into its products among what it gives out, and
    return their names."""
    model = onnx.load(source)
    names = list(dict.fromkeys(node.input[0] for node, _ in products(model.graph)))
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    onnx.save(model, target)
    return names


def smooth(source: Path, target: Path, *, largest: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write the graph with its products smoothed; `largest` is, for each activation, the largest
    size that each of its inputs was seen to have."""
    model = onnx.load(source)
    users: dict[str, list[tuple[NodeProto, TensorProto]]] = {}
    for node, matrix in products(model.graph):
        users.setdefault(node.input[0], []).append((node, matrix))
    nodes = {node.output[0]: [node] for node in model.graph.node}
    for name, used in users.items():
        factor = _factor(largest[name], [numpy_helper.to_array(matrix) for _, matrix in used])
        inverse = numpy_helper.from_array(1 / factor, f"{name}.inverse")
        model.graph.initializer.append(inverse)
        divided = helper.make_node("Mul", [name, inverse.name], [f"{name}.smooth"])
        nodes[used[0][0].output[0]].insert(0, divided)
        for node, matrix in used:
            rows = numpy_helper.to_array(matrix) * factor[:, None]
            matrix.CopyFrom(numpy_helper.from_array(rows, matrix.name))
            node.input[0] = divided.output[0]
    ordered = [each for node in model.graph.node for each in nodes[node.output[0]]]
    del model.graph.node[:]
    model.graph.node.extend(ordered)
    onnx.save(model, target)


def products(graph: onnx.GraphProto) -> list[tuple[NodeProto, TensorProto]]:
    """The products of activations with weights, each with its weights."""
    weights = {each.name: each for each in graph.initializer if len(each.dims) == 2}
    return [
        (node, weights[node.input[1]])
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in weights
    ]


def _factor(
    largest: npt.NDArray[np.float32], matrices: list[npt.NDArray[np.float32]]
) -> npt.NDArray[np.float32]:
    rows = np.abs(np.concatenate(matrices, axis=1)).max(axis=1)
    factor = np.sqrt(np.maximum(largest, _LEAST) / np.maximum(rows, _LEAST))
    even: npt.NDArray[np.float32] = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
    return even
