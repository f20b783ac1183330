"""A real S3 server, for the artifact store."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from tests.support.stores import free_port

BUCKET = "picket"


@contextmanager
def server(log: Path) -> Iterator[dict[str, str]]:
    """Run the server with an empty bucket until the block ends; yields the environment of who uses it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=os.environ) as process:
        try:
            deadline = time.monotonic() + 30
            while not _has_bucket(url):
                assert process.poll() is None, "the S3 server ended"
                assert time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.05)
            yield {
                "PICKET_ARTIFACTS": f"s3://{BUCKET}/kept",
                "AWS_ENDPOINT_URL": url,
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
            }
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _has_bucket(url: str) -> bool:
    try:
        return urllib3.request("PUT", f"{url}/{BUCKET}", retries=False, timeout=2.0).status == 200
    except urllib3.exceptions.HTTPError:
        return False
