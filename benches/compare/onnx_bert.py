"""Builds an ONNX graph of a BERT sentence-transformers folder, without torch, and quantises it.

The graph goes from `input_ids` and `attention_mask` to the last hidden state, as `optimum-cli export onnx` would make
it. `build` returns the paths of the f32 model and of the dynamically quantised int8 model; both are kept in a cache
folder under the hash of the weights.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

OPSET = 17


class GraphBuilder:
    """Collects nodes and initialisers; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        w = self.constant(f"{name}.weight", weight.T)
        b = self.constant(f"{name}.bias", bias)
        return self.op("Add", [b, self.op("MatMul", [x, w], f"{name}.matmul")], f"{name}.out")

    def layer_norm(self, x: str, weight: np.ndarray, bias: np.ndarray, epsilon: float, name: str) -> str:
        w = self.constant(f"{name}.weight", weight)
        b = self.constant(f"{name}.bias", bias)
        return self.op("LayerNormalization", [x, w, b], f"{name}.out", axis=-1, epsilon=epsilon)


def bert_graph(weights: dict[str, np.ndarray], config: dict) -> onnx.ModelProto:
    """The f32 graph of a BERT encoder with erf GELU."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    size, epsilon = hidden // heads, config["layer_norm_eps"]
    g = GraphBuilder()
    zero_row = weights["embeddings.token_type_embeddings.weight"][0]
    words = g.constant("words", weights["embeddings.word_embeddings.weight"])
    positions = g.constant("positions", weights["embeddings.position_embeddings.weight"] + zero_row)
    length = g.op("Slice", [
        g.op("Shape", ["input_ids"], "shape"),
        g.constant("one", np.array([1])), g.constant("two", np.array([2])),
    ], "length")
    position_rows = g.op("Slice", [positions, g.constant("zero", np.array([0])), length], "position_rows")
    x = g.op("Add", [g.op("Gather", [words, "input_ids"], "word_rows"), position_rows], "embedded")
    x = g.layer_norm(x, weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"], epsilon, "embed_norm")

    # Two Unsqueeze and a Cast, because that is the shape the transformer optimiser recognises.
    mask = g.op("Unsqueeze", ["attention_mask", "one"], "mask_3d")
    mask = g.op("Unsqueeze", [mask, "two"], "mask_4d")
    mask = g.op("Cast", [mask], "mask_f32", to=TensorProto.FLOAT)
    mask = g.op("Sub", [g.constant("one_f32", np.array(1, np.float32)), mask], "mask_inverted")
    mask = g.op("Mul", [mask, g.constant("mask_value", np.array(-10000, np.float32))], "mask_bias")
    split = g.constant("split_shape", np.array([0, 0, heads, size]))
    join = g.constant("join_shape", np.array([0, 0, hidden]))
    scale = g.constant("scale", np.array(size**0.5, np.float32))
    half = g.constant("half", np.array(0.5, np.float32))
    root_two = g.constant("root_two", np.array(2**0.5, np.float32))

    for i in range(config["num_hidden_layers"]):
        base = f"encoder.layer.{i}"

        def linear(x: str, part: str, base: str = base) -> str:
            return g.linear(x, weights[f"{base}.{part}.weight"], weights[f"{base}.{part}.bias"], f"{base}.{part}")

        def split_heads(x: str, permutation: list[int], name: str) -> str:
            return g.op("Transpose", [g.op("Reshape", [x, split], f"{name}.split")], f"{name}.heads", perm=permutation)

        q = split_heads(linear(x, "attention.self.query"), [0, 2, 1, 3], f"{base}.q")
        k = split_heads(linear(x, "attention.self.key"), [0, 2, 3, 1], f"{base}.k")
        v = split_heads(linear(x, "attention.self.value"), [0, 2, 1, 3], f"{base}.v")
        scores = g.op("Div", [g.op("MatMul", [q, k], f"{base}.qk"), scale], f"{base}.scaled")
        scores = g.op("Add", [scores, mask], f"{base}.masked")
        probabilities = g.op("Softmax", [scores], f"{base}.softmax", axis=-1)
        context = g.op("MatMul", [probabilities, v], f"{base}.pv")
        context = g.op("Transpose", [context], f"{base}.context_t", perm=[0, 2, 1, 3])
        context = g.op("Reshape", [context, join], f"{base}.context")
        y = g.op("Add", [linear(context, "attention.output.dense"), x], f"{base}.attention.residual")
        norm = f"{base}.attention.output.LayerNorm"
        x = g.layer_norm(y, weights[f"{norm}.weight"], weights[f"{norm}.bias"], epsilon, norm)

        h = linear(x, "intermediate.dense")
        erf = g.op("Erf", [g.op("Div", [h, root_two], f"{base}.gelu.div")], f"{base}.gelu.erf")
        h1 = g.op("Mul", [h, g.op("Add", [erf, "one_f32"], f"{base}.gelu.add")], f"{base}.gelu.mul")
        h = g.op("Mul", [h1, half], f"{base}.gelu.half")
        y = g.op("Add", [linear(h, "output.dense"), x], f"{base}.output.residual")
        norm = f"{base}.output.LayerNorm"
        x = g.layer_norm(y, weights[f"{norm}.weight"], weights[f"{norm}.bias"], epsilon, norm)

    g.op("Identity", [x], "last_hidden_state")
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in ("input_ids", "attention_mask")]
    out = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", hidden])]
    graph = helper.make_graph(g.nodes, "bert", ids, out, g.initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def build(model_dir: Path, cache: Path) -> dict[str, Path]:
    """Builds, fuses and quantises the model once; returns the paths by variant.

    `f32` is the plain graph (onnxruntime fuses it by itself), `int8` the plain graph quantised, `int8_fused` the graph
    after onnxruntime's own transformer optimiser (fused attention and GELU), quantised. All int8 variants are
    dynamic with signed 8-bit weights per channel where the operator supports it.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    config = json.loads((model_dir / "config.json").read_text())
    digest = hashlib.sha256((model_dir / "model.safetensors").read_bytes()).hexdigest()[:16]
    folder = cache / digest
    paths = {name: folder / f"{name}.onnx" for name in ("f32", "f32_fused", "int8", "int8_fused")}
    if all(path.exists() for path in paths.values()):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v.astype(np.float32) for k, v in load_file(model_dir / "model.safetensors").items()}
    onnx.save(bert_graph(weights, config), paths["f32"])
    from onnxruntime.transformers import optimizer

    fused = optimizer.optimize_model(
        str(paths["f32"]), "bert", config["num_attention_heads"], config["hidden_size"], opt_level=0
    )
    print("fused operators:", {k: v for k, v in fused.get_fused_operator_statistics().items() if v})
    fused.save_model_to_file(str(paths["f32_fused"]))
    for source, target in (("f32", "int8"), ("f32_fused", "int8_fused")):
        quantize_dynamic(
            paths[source], paths[target], weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Attention"],
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    return paths
