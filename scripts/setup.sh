# Sourced by ./demo and ./test: what they need and the machine has not is made or fetched here, and a second run finds it.
#
#   .venv/    Python 3.11 or newer with Pylae and its dependencies, as pinned in constraints.txt
#   .tools/   programs that could not be installed, unpacked from Debian's packages
#
# Whatever cannot be had ends the script with one line that says the exact cure.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
python=$root/.venv/bin/python
tools=$root/.tools
export PATH="$root/.venv/bin:$PATH:$tools/usr/bin"

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# Run something that is only of interest if it fails: then its last words are shown.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else
    tail -n 15 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

# --- programs ----------------------------------------------------------------------------------------------------

apt_updated=
apt_install() {
  is_root && has apt-get || return 1
  say "Installing $*"
  export DEBIAN_FRONTEND=noninteractive
  if [ -z "$apt_updated" ]; then quietly apt-get update -qq || return 1; fi
  apt_updated=yes
  quietly apt-get install -qq -y --no-install-recommends "$@"
}

# Without root a package can still be fetched and unpacked. apt's own lists may be missing or old: then they are fetched too,
# into a place of ours.
apt_unpack() {
  has apt-get && has dpkg || return 1
  say "Fetching $1 into .tools"
  mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial"
  local own=(-o "Dir::State::lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt" -o Debug::NoLocking=1)
  (
    cd "$tools/apt"
    quietly apt-get download "$1" 2>/dev/null ||
      { quietly apt-get "${own[@]}" update -qq && quietly apt-get "${own[@]}" download "$1"; }
  ) || return 1
  dpkg -x "$tools"/apt/"$1"_*.deb "$tools"
  rm -rf "$tools/apt"
}

need_curl() {
  has curl || apt_install curl ca-certificates || die "curl is missing. Install it: sudo apt-get install curl ca-certificates"
}

need_openssl() {
  has openssl || apt_install openssl || die "openssl is missing. Install it: sudo apt-get install openssl"
}

need_kubectl() {
  has kubectl || apt_install kubernetes-client || apt_unpack kubernetes-client || true
  has kubectl || die "kubectl is missing. Install it as https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/ says"
}

# --- Python --------------------------------------------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# The first that runs: a name alone proves nothing, since version managers leave names behind that do not.
find_python() {
  local name
  for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14 python3 python; do
    if is_new_enough "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

make_venv() {
  [ "$(uname -s)" = Linux ] || die "Pylae runs on Linux (x86_64 or aarch64): its Envoy comes for Linux alone. Use a Linux machine or container."
  local base
  base=$(find_python) || { apt_install python3 python3-venv && base=$(find_python); } ||
    die "Python 3.11 or newer is missing. Install it (Debian 12, Ubuntu 24.04 or newer): sudo apt-get install python3 python3-venv"
  say "Making .venv with $("$base" --version)"
  rm -rf .venv
  quietly "$base" -m venv .venv 2>/dev/null && return
  rm -rf .venv
  local package
  package=$("$base" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  apt_install "$package" || die "Python's venv module is missing. Install it: sudo apt-get install $package"
  quietly "$base" -m venv .venv || die ".venv cannot be made with $base; the reason is above"
}

# Install Pylae from this checkout, with the dependency groups named, unless that is what .venv holds already.
need_pylae() {
  is_new_enough "$python" || make_venv
  local stamp=.venv/pylae.stamp groups=() group wanted
  for group in "$@"; do groups+=(--group "$group"); done
  wanted="$root $("$python" --version) $(cat pyproject.toml constraints.txt | sha256sum)"
  if [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$wanted" ]; then
    local had=" $(tail -n +2 "$stamp" | tr '\n' ' ')" missing=
    for group in "$@"; do [[ $had == *" $group "* ]] || missing=yes; done
    [ -n "$missing" ] || return 0
  fi
  say "Installing Pylae and its dependencies into .venv"
  if [ "$#" -gt 0 ]; then
    quietly "$python" -m pip install --quiet --upgrade "pip>=25.1" || die "pip cannot be brought up to date; the reason is above"
  fi
  quietly "$python" -m pip install --quiet -c constraints.txt "${groups[@]}" -e . ||
    die "Pylae's dependencies cannot be installed; the reason is above"
  printf '%s\n' "$wanted" "$@" >"$stamp"
}
