"""Whether this container's worker is at work: the health check of the queues in docker-compose.yml.

Runs in the bench's folder with the bench's Python. A worker signs in at Redis under its host's name, and
Redis forgets it when it has not been heard of for some minutes, also where its process still stands.
"""

import json
import socket
import sys
from pathlib import Path

from redis import Redis
from rq import Worker


def main() -> None:
	"""Exits with 1 and a sentence where Redis knows no worker of this host."""
	config = json.loads(Path("sites/common_site_config.json").read_text())
	with Redis.from_url(config["redis_queue"], socket_timeout=10) as redis:
		hosts = {worker.hostname for worker in Worker.all(connection=redis)}
	if socket.gethostname() not in hosts:
		sys.exit("worker_is_alive: Redis has not heard of this host's worker.")


if __name__ == "__main__":
	main()
