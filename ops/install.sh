#!/usr/bin/env bash
# Installs CallFabric from this checkout under systemd, or brings an installation up to this checkout.
# Run it as root, as often as you like: settings and data that are there stay as they are.
#
#   ops/install.sh [--root DIR] [--skip-npm]
#
#   --root DIR   everything below DIR; no user is made and systemd is left alone (to build a package)
#   --skip-npm   copies the files only
set -euo pipefail

root=''
npm=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --root) root="${2:?--root needs a folder}"; shift 2 ;;
    --skip-npm) npm=no; shift ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
done

source_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
lib="$root/usr/local/lib/callfabric"
etc="$root/etc/callfabric"
state="$root/var/lib/callfabric"
unit="$root/etc/systemd/system/callfabric.service"

say() { printf '%s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

if [ -z "$root" ]; then
  [ "$(id -u)" -eq 0 ] || fail 'run this as root (or with --root to try it)'
  getent group callfabric >/dev/null || groupadd --system callfabric
  getent passwd callfabric >/dev/null ||
    useradd --system --gid callfabric --home-dir /var/lib/callfabric --no-create-home --shell /usr/sbin/nologin callfabric
  # FreeSWITCH writes the recordings, the daemon keeps them: one group for both.
  if getent passwd freeswitch >/dev/null; then usermod --append --groups callfabric freeswitch; fi
fi
owner() { if [ -z "$root" ]; then chown "$@"; fi; }

# Files. The new tree is made whole beside the old one, which stays as it is if anything fails before the exchange.
install -d -m 0755 "$(dirname "$lib")"
fresh="$lib.new"
rm -rf "$fresh"
install -d -m 0755 "$fresh"
for part in daemon orm migrations dialplans freeswitch-conf ops package.json package-lock.json tsconfig.json .npmrc LICENSE README.md; do
  if [ -e "$source_dir/$part" ]; then cp -R "$source_dir/$part" "$fresh/"; fi
done

if [ "$npm" = yes ]; then
  command -v npm >/dev/null || fail 'npm is not installed: install Node 24 with npm first (or any Node from 20 on: npm then brings Node 24)'
  (cd "$fresh" && npm ci --omit=dev --no-audit --no-fund)
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 24 ]; then
    ln -s "$(node -p process.execPath)" "$fresh/node"
  else
    version="$(node -p 'require("./package.json").devDependencies.node' 2>/dev/null || true)"
    (cd "$fresh" && npm install --no-save --omit=dev --no-audit --no-fund "node@${version:-24}")
    ln -s "$lib/node_modules/node/bin/node" "$fresh/node"
  fi
fi

rm -rf "$lib.old"
if [ -d "$lib" ]; then mv "$lib" "$lib.old"; fi
mv "$fresh" "$lib"
rm -rf "$lib.old"

# Folders. FreeSWITCH must reach the recordings, and the records it keeps while no daemon answers: it passes through
# the group.
install -d -m 0750 "$state"
install -d -m 2770 "$state/recordings" "$state/cdrs"
install -d -m 0750 "$state/spool"
owner -R callfabric:callfabric "$state"

# Settings: made once, with secrets of their own; never touched again.
install -d -m 0750 "$etc"
owner root:callfabric "$etc"
env_file="$etc/callfabric.env"
if [ -e "$env_file" ]; then
  say "kept $env_file"
else
  secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
  (
    umask 0077
    sed \
      -e "s|^#\{0,1\}CALLFABRIC_API_KEY=.*|CALLFABRIC_API_KEY=$(secret)|" \
      -e "s|^#\{0,1\}CALLFABRIC_CDR_SECRET=.*|CALLFABRIC_CDR_SECRET=$(secret)|" \
      -e "s|^#\{0,1\}CALLFABRIC_FREESWITCH_PASSWORD=.*|CALLFABRIC_FREESWITCH_PASSWORD=$(secret)|" \
      -e "s|^#\{0,1\}CALLFABRIC_CDR_FALLBACK_DIR=.*|CALLFABRIC_CDR_FALLBACK_DIR=/var/lib/callfabric/cdrs|" \
      "$source_dir/ops/callfabric.env.example" >"$env_file"
  )
  say "wrote $env_file with new secrets"
fi
chmod 0640 "$env_file"
owner root:callfabric "$env_file"

install -d -m 0755 "$(dirname "$unit")"
install -m 0644 "$source_dir/ops/callfabric.service" "$unit"
install -d -m 0755 "$root/usr/local/bin"
cat >"$root/usr/local/bin/callfabric" <<'WRAPPER'
#!/bin/sh
# callfabric migrate | seed | doctor, with the service's settings and as its user.
set -eu
if [ "$(id -u)" -eq 0 ]; then exec setpriv --reuid=callfabric --regid=callfabric --init-groups "$0" "$@"; fi
cd /usr/local/lib/callfabric
NODE_ENV="${NODE_ENV:-production}" exec ./node --env-file=/etc/callfabric/callfabric.env daemon/callfabric.js "$@"
WRAPPER
chmod 0755 "$root/usr/local/bin/callfabric"

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable --quiet callfabric.service
fi

say "installed to $lib

Next:
  1. write DATABASE_URL into $env_file, and give FreeSWITCH's event socket the password that stands there
     (FREESWITCH_ESL_PASSWORD, FREESWITCH_CDR_CRED=callfabric:<CALLFABRIC_CDR_SECRET>; see freeswitch-conf/README.md),
     and FREESWITCH_CDR_DIR=/var/lib/callfabric/cdrs, so that records of calls that end without a daemon are taken in
  2. callfabric migrate (all that the database needs; seed is test data, for a machine of your own)
  3. systemctl restart callfabric
  4. callfabric doctor"
