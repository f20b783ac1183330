#!/bin/sh
# Make a base image of Debian's own packages, for where no registry can be reached: base.sh TAG [ENGINE], as root.
# Suite and mirror are those of this machine's apt.
set -eu
tag=$1
engine=${2:-podman}

command -v debootstrap > /dev/null || { echo "base.sh: debootstrap is not installed" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "base.sh: debootstrap needs root" >&2; exit 1; }
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
packages() { apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian' "Codename: $2" | sort -u; }
mirror=$(packages '$(REPO_URI)' "$suite" | head -n 1)
[ -n "$mirror" ] || { echo "base.sh: apt knows no mirror of $suite" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase --include=ca-certificates,netbase,python3,python3-pip,tzdata "$suite" "$folder" "$mirror"
for codename in "$suite" "$suite-updates" "$suite-security"; do
    packages 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' "$codename"
done > "$folder/etc/apt/sources.list"
chroot "$folder" apt-get update
chroot "$folder" env DEBIAN_FRONTEND=noninteractive apt-get --yes upgrade
rm -rf "$folder"/var/lib/apt/lists/* "$folder"/var/cache/apt/archives/*.deb
tar -C "$folder" --one-file-system -cf - . | "$engine" import - "$tag"
