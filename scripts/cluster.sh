# Sourced by ./test --cluster: the real programs that the embedded API is measured against, built by Go from their published modules.
#
#   ${XDG_CACHE_HOME:-~/.cache}/pylae/cluster/<key>/   etcd, kube-apiserver, kubectl, helm, helm3, and the programs of tests/informers
#
# The key follows from tests/cluster/go.mod and go.sum, from Go's version and from cluster_recipe, so a second run finds all of it.
# A program that cannot be built is named, with the end of Go's complaint; the tests that need it are skipped and say so.

cluster_module=$root/tests/cluster
cluster_recipe=1   # to be raised when the flags below change
cluster_bound=900  # seconds for all builds together; what Go has compiled by then it keeps, and the next run goes on from there

cluster_version() { awk -v path="$1" '$1 == path && $2 ~ /^v/ { print $2; exit }' "$cluster_module/go.mod"; }

kubernetes_flags() {
  local version=$1 package=k8s.io/component-base/version minor
  minor=${version#v1.}
  printf '%s ' "-X $package.gitVersion=$version" "-X $package.gitMajor=1" "-X $package.gitMinor=${minor%%.*}" \
    "-X $package.gitTreeState=clean" "-X $package.buildDate=1970-01-01T00:00:00Z"
}

# The path of a program and what it is made of: packages, or Go files, and what the linker is told.
build_program() {
  local program=$1 link=$2 left=$((cluster_bound - SECONDS + cluster_began)) making
  shift 2
  [ ! -x "$program" ] || return 0
  making=$program.$$
  say "Building $(basename "$program") for the cluster's tests (once)"
  if (cd "$cluster_module" && GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off CGO_ENABLED=0 \
    quietly timeout "$((left > 1 ? left : 1))" nice -n 5 go build -ldflags "-s -w $link" -o "$making" "$@"); then
    mv -f "$making" "$program"
  else
    rm -f "$making"
    say "$(basename "$program") could not be built within $((cluster_bound / 60)) minutes: tests that need it are skipped"
    say "  to try by hand: cd tests/cluster && go build $*"
  fi
}

# One test jumps the clock. It is skipped, and says so, where this library cannot be had.
need_faketime() {
  ls /usr/lib/*/faketime/libfaketimeMT.so.1 "$tools"/usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 ||
    apt_install libfaketime || apt_unpack libfaketime || true
}

need_cluster() {
  cluster_began=$SECONDS
  if ! has go; then
    say "Go is missing, so no real kube-apiserver can be built: the cluster's tests are skipped."
    say "Install Go as https://go.dev/doc/install says"
    return 0
  fi
  local kubernetes key client helm=helm.sh/helm
  kubernetes=$(cluster_version k8s.io/kubernetes)
  key=$( (cd "$cluster_module" && cat go.mod go.sum && go version && echo "$cluster_recipe") | sha256sum | cut -c1-12)
  PYLAE_CLUSTER=${XDG_CACHE_HOME:-$HOME/.cache}/pylae/cluster/$kubernetes-$key
  export PYLAE_CLUSTER
  mkdir -p "$PYLAE_CLUSTER"
  build_program "$PYLAE_CLUSTER/etcd" "" go.etcd.io/etcd/server/v3
  build_program "$PYLAE_CLUSTER/kube-apiserver" "$(kubernetes_flags "$kubernetes")" k8s.io/kubernetes/cmd/kube-apiserver
  build_program "$PYLAE_CLUSTER/kubectl" "$(kubernetes_flags "$kubernetes")" k8s.io/kubernetes/cmd/kubectl
  build_program "$PYLAE_CLUSTER/helm" "-X $helm/v4/internal/version.version=$(cluster_version $helm/v4)" $helm/v4/cmd/helm
  build_program "$PYLAE_CLUSTER/helm3" "-X $helm/v3/internal/version.version=$(cluster_version $helm/v3)" $helm/v3/cmd/helm
  for client in "$root"/tests/informers/*/; do build_client "$client"; done
}

# A program of ours is named after its content; what it was before goes.
build_client() {
  local sources=("$1"*.go) name wanted other
  [ -e "${sources[0]}" ] || return 0
  name=$PYLAE_CLUSTER/$(basename "$1")
  wanted=$name-$(cat "${sources[@]}" | sha256sum | cut -c1-12)
  for other in "$name"-*; do [ "$other" = "$wanted" ] || rm -f "$other"; done
  build_program "$wanted" "" "${sources[@]}"
}
