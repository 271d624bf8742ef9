"""Lists the divisions of an organisation in Prevu3D. It knows the gateway's address and its own key, and no secret of Prevu3D."""

import os
import sys
from pathlib import Path

import requests

gateway = os.environ.get("GATEWAY", "http://127.0.0.1:8711")
organization = os.environ["ORGANIZATION"]
key_file = Path(os.environ.get("GATEWAY_KEY_FILE", "/run/secrets/gateway-key"))

session = requests.Session()
# requests reads ~/.netrc by default, and would replace the key by what is there.
session.trust_env = False


def get(path: str) -> requests.Response:
    # The file is read for each request, because Kubernetes replaces the token in it.
    headers = {"Authorization": f"Bearer {key_file.read_text().strip()}"}
    response = session.get(f"{gateway}{path}", headers=headers, timeout=60)
    problem = response.headers.get("Nightlatch-Error")
    if problem is not None:
        # The gateway answered, not the API: its `detail` and `hints` say what to do.
        details = response.json()
        sys.exit("\n  ".join([f"{problem}: {details['detail']}", *details.get("hints", [])]))
    response.raise_for_status()
    return response


for division in get(f"/towers/v1/nodes/{organization}/browse").json():
    print(division["name"])
