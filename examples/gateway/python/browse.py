"""Lists an organisation's divisions in Prevu3D, by the gateway."""

import os
import sys
from pathlib import Path

import requests

gateway = os.environ.get("GATEWAY", "http://127.0.0.1:8711")
organization = os.environ["ORGANIZATION"]
key_file = os.environ.get("GATEWAY_KEY_FILE", "/run/secrets/gateway-key")

session = requests.Session()
# By default, requests would replace the key by what is in ~/.netrc.
session.trust_env = False
# A certificate authority of your own; the system's by default.
session.verify = os.environ.get("GATEWAY_CA", True)


def get(path):
    # Read for each request, because the file may be replaced.
    key = Path(key_file).read_text().strip()
    headers = {"Authorization": f"Bearer {key}"}
    response = session.get(gateway + path, headers=headers, timeout=60)
    if "Nightlatch-Error" in response.headers:
        # The gateway answered, not the API.
        problem = response.json()
        sys.exit("\n".join([problem["detail"], *problem.get("hints", [])]))
    response.raise_for_status()
    return response.json()


for division in get(f"/towers/v1/nodes/{organization}/browse"):
    print(division["name"])
