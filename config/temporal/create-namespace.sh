#!/bin/sh
# Registers the namespace and the fabric's search attributes on a cluster that has just come up. It is
# safe to run again: what exists is left as it is. The frontend answers its port some seconds before it
# answers requests, hence the wait.
set -eu

: "${TEMPORAL_ADDRESS:?the address of the server is missing}"
: "${TEMPORAL_NAMESPACE:?the name of the namespace is missing}"

tries_left=60
until temporal operator cluster health >/dev/null 2>&1; do
  tries_left=$((tries_left - 1))
  if [ "$tries_left" -eq 0 ]; then
    echo "The server at $TEMPORAL_ADDRESS did not become healthy within a minute." >&2
    exit 1
  fi
  sleep 1
done

if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 7d
fi

# A new namespace reaches the server's cache after a few seconds; until then these calls are refused.
for attribute in FabricName FabricShard FabricScenario FabricState; do
  tries_left=30
  until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name "$attribute" --type Keyword; do
    tries_left=$((tries_left - 1))
    if [ "$tries_left" -eq 0 ]; then
      echo "The search attribute $attribute could not be registered." >&2
      exit 1
    fi
    sleep 1
  done
done
