"""What the Python `kubernetes` client tells of the ConfigMaps of a namespace, as `informer/main.go` says it:
`python python_watch.py KUBECONFIG NAMESPACE`.

Its documented loop: list, then watch from the list's resourceVersion, resume from the last version seen, and list
again when that is gone (https://github.com/kubernetes-client/python/blob/master/examples/watch/).
"""

import json
import sys
import time

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

KINDS = {"ADDED": "add", "MODIFIED": "update", "DELETED": "delete"}


def tell(event: str, name: str = "", version: str = "", status: int = 0) -> None:
    print(json.dumps({"event": event, "name": name, "version": version, "status": status}), flush=True)


class Mirror:
    """What there is, kept up to date."""

    def __init__(self, api: client.CoreV1Api, namespace: str) -> None:
        self.known: dict[str, str] = {}
        self.version = ""
        self._api = api
        self._namespace = namespace

    def list(self) -> None:
        listed = self._api.list_namespaced_config_map(self._namespace)
        tell("list", status=200)
        there = {item.metadata.name: item.metadata.resource_version for item in listed.items}
        for name in self.known.keys() - there.keys():
            tell("vanished", name)
        for name, version in there.items():
            if self.known.get(name) != version:
                tell("update" if name in self.known else "add", name, version)
        self.known, self.version = there, listed.metadata.resource_version

    def follow(self) -> None:
        """Until the server ends the watch."""
        tell("watch", version=self.version)
        events = watch.Watch().stream(
            self._api.list_namespaced_config_map,
            self._namespace,
            resource_version=self.version,
            allow_watch_bookmarks=True,
            timeout_seconds=300,
        )
        for event in events:
            metadata = event["object"].metadata
            self.version = metadata.resource_version
            if kind := KINDS.get(event["type"]):
                tell(kind, metadata.name, metadata.resource_version)
                self.known[metadata.name] = metadata.resource_version
                if kind == "delete":
                    del self.known[metadata.name]


def main(kubeconfig: str, namespace: str) -> None:
    config.load_kube_config(kubeconfig)
    mirror = Mirror(client.CoreV1Api(), namespace)
    while True:
        try:
            if not mirror.version:
                mirror.list()
            mirror.follow()
        except ApiException as error:
            if error.status == 410:
                mirror.version = ""
            time.sleep(0.2)
        except Exception as error:  # the connection broke, in one of the many ways of urllib3
            print(repr(error), file=sys.stderr)
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
