# ERPNext with gigafibre_utils. Needs BuildKit, Docker's default: the older builder loses what is written below sites/,
# which the base image declares a volume; the last check would stop it.
FROM frappe/erpnext:v16.10.1

LABEL org.opencontainers.image.title="ERPNext with gigafibre_utils" \
	org.opencontainers.image.licenses="GPL-3.0-only" \
	org.opencontainers.image.vendor="TARGO"

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# Chromium's own sandbox needs namespaces, which Docker's seccomp profile denies it; without this flag it would not
# start. Debian's launcher reads /etc/chromium.d. The base image's headless shell goes along with Chromium's version.
# hadolint ignore=DL3066
USER root
# hadolint ignore=DL3008,SC2016
RUN apt-get update \
	&& DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y \
		chromium chromium-headless-shell \
		fonts-dejavu-core fonts-inter fonts-liberation fonts-noto-color-emoji libcairo2 \
	&& rm -rf /var/lib/apt/lists/* \
	&& echo 'export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --no-sandbox"' >/etc/chromium.d/no-sandbox

# The base image's own user.
# hadolint ignore=DL3066
USER frappe
WORKDIR /home/frappe/frappe-bench
COPY --chown=frappe:frappe . apps/gigafibre_utils

# What Frappe and ERPNext brought stays at its version, and what the app adds gets the one it is tested with; where that
# cannot be, the build ends here.
# hadolint ignore=SC2016
RUN env/bin/pip freeze --exclude-editable | grep '==' >/tmp/held.txt \
	&& awk -F== '{ name = tolower($1); gsub(/[-_.]+/, "-", name) } !seen[name]++' \
		/tmp/held.txt apps/gigafibre_utils/constraints.txt >/tmp/pins.txt \
	&& env/bin/pip install --no-cache-dir --constraint /tmp/pins.txt --editable apps/gigafibre_utils \
	&& rm /tmp/held.txt /tmp/pins.txt

# The assets are kept beside sites/ too: the compose file's configurator takes them from there for its volume.
# `image` tells one build from another, so that a site is migrated once by each. A volume that is mounted on `backups`
# takes over its owner.
RUN sh apps/gigafibre_utils/deploy/add-app-to-list sites/apps.txt frappe erpnext gigafibre_utils \
	&& if [ -d apps/gigafibre_utils/gigafibre_utils/public ]; then bench build --app gigafibre_utils --production; fi \
	&& cp -a sites/assets assets \
	&& cat /proc/sys/kernel/random/uuid >image \
	&& mkdir --mode=700 backups

RUN grep -qx gigafibre_utils sites/apps.txt
