#!/usr/bin/env bash
# What `make secrets`, `make deploy` and `make undeploy` do, to the cluster that kubectl talks to.
#   OVERLAY   a folder of knative/overlays
#   REGISTRY  where the functions' images are, TAG which; else what the overlay says
#   PICKET    the command `picket`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
overlay=$here/overlays/${OVERLAY:?say which: dev or production}
[ -f "$overlay/kustomization.yaml" ] || { echo "there is no overlay $OVERLAY in $here/overlays" >&2; exit 1; }

# One that is there keeps its labels, Pod Security's among them.
namespace() { kubectl get namespace "$1" --output=name >/dev/null 2>&1 || kubectl create namespace "$1"; }
there() { kubectl get secret "$2" --namespace="$1" --ignore-not-found --output=name | grep --quiet .; }
keep() { kubectl create secret generic "$2" --namespace="$1" --from-env-file=/dev/stdin; }
of() { kubectl get secret "$2" --namespace="$1" --output="jsonpath={.data.$3}" | base64 --decode; }
random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# The store and the artifact store that come along with `dev`: passwords for them.
secrets_of_examples() {
  namespace picket-mongodb
  there picket-mongodb mongodb || printf '%s\n' "ROOT_PASSWORD=$(random)" "PICKET_PASSWORD=$(random)" \
    "INGEST_PASSWORD=$(random)" | keep picket-mongodb mongodb
  namespace picket-artifacts
  there picket-artifacts artifacts || printf '%s\n' "AWS_ACCESS_KEY_ID=$(random)" \
    "AWS_SECRET_ACCESS_KEY=$(random)" | keep picket-artifacts artifacts
  there picket picket-artifacts || printf '%s\n' \
    "AWS_ACCESS_KEY_ID=$(of picket-artifacts artifacts AWS_ACCESS_KEY_ID)" \
    "AWS_SECRET_ACCESS_KEY=$(of picket-artifacts artifacts AWS_SECRET_ACCESS_KEY)" | keep picket picket-artifacts
  local store=mongodb.picket-mongodb.svc.cluster.local:27017/picket
  MONGODB_URI=mongodb://picket:$(of picket-mongodb mongodb PICKET_PASSWORD)@$store
  MONGODB_URI_INGEST=mongodb://ingest:$(of picket-mongodb mongodb INGEST_PASSWORD)@$store
  export MONGODB_URI MONGODB_URI_INGEST
}

# Never replaces a Secret: with another hash key every finding would be a new one.
secrets() {
  namespace picket
  if [ "$OVERLAY" = dev ]; then secrets_of_examples; fi
  if there picket picket; then
    echo "the Secret picket is there and stays as it is" >&2
    return
  fi
  : "${MONGODB_URI:?say where the store is}"
  "${PICKET:-picket}" keys | keep picket picket
}

# The overlay, with images from elsewhere where REGISTRY says so.
manifests() {
  local built named
  built=$(kubectl kustomize "$overlay")
  if [ -n "${REGISTRY:-}" ]; then
    built=$(sed 's|image: .*/picket/\([a-z]*\):.*|image: '"$REGISTRY"'/\1:'"${TAG:-latest}"'|' <<<"$built")
    named=$(grep --count --fixed-strings "image: $REGISTRY/" <<<"$built" || true)
    [ "$named" -ge 7 ] || { echo "only $named of seven images could be named: say them in $overlay" >&2; return 1; }
  elif [ -n "${TAG:-}" ]; then
    echo "TAG needs REGISTRY: say where the images are" >&2
    return 1
  fi
  printf '%s\n' "$built"
}

# The functions last: what is made before the Broker and the SinkBinding are there would not know where to send events.
deploy() {
  local all
  all=$(manifests)
  kubectl apply --filename=- --selector='app.kubernetes.io/component!=function' <<<"$all"
  kubectl wait --namespace=picket --for=condition=Ready --timeout=5m --all brokers.eventing.knative.dev
  kubectl apply --filename=- <<<"$all"
  kubectl wait --namespace=picket --for=condition=Ready --timeout=5m --all \
    services.serving.knative.dev,triggers.eventing.knative.dev,pingsources.sources.knative.dev,sinkbindings.sources.knative.dev,domainmappings.serving.knative.dev
}

# Secrets, the store and its data stay: without the hash key they would be worth nothing.
undeploy() {
  kubectl delete --namespace=picket --selector=app.kubernetes.io/part-of=picket --ignore-not-found \
    services.serving.knative.dev,triggers.eventing.knative.dev,pingsources.sources.knative.dev,sinkbindings.sources.knative.dev,brokers.eventing.knative.dev
}

"$1"
