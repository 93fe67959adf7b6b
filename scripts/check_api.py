"""Check with schemathesis that the API answers as its description says.

    pip install schemathesis
    python -m scripts.check_api                    # some minutes; further arguments go to schemathesis

Starts the whole application on a free port of this machine, on its own database, and lets schemathesis send
requests generated from /openapi.json with an administrator's token. No answer may be a 5xx, and each
status, media type, header and body must be as described.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from kb_index.formats import read_articles
from prompter.domain.account import Role, Scope
from prompter.models.recipe import EncoderConfig
from sufler import bootstrap
from sufler.settings import Settings
from tests.browser import serve

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", encoder=EncoderConfig(kind="tfidf"))
        with bootstrap.open_store(settings) as store:
            articles = read_articles(settings.training_data_dir / "kb.csv")
            bootstrap.build_knowledge_base(store).import_articles(articles, changed_by="check")
            accounts = bootstrap.build_accounts(store)
            admin = accounts.add("check", Role.ADMIN, "correct horse battery")
            token = accounts.create_token(admin.id, "check", scopes=list(Scope))
            assistant = bootstrap.open_assistant(settings, store)
            with serve(bootstrap.build_web_app(settings, store, assistant)) as url:
                program = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"]
                program.append("--suppress-health-check=all")  # a slow machine is not an error of the API
                options = ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(_CHECKS)]
                return subprocess.run([*program, *options, *sys.argv[1:]], check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
