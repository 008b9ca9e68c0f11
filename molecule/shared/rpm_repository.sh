#!/bin/sh
# Builds /srv/lab/specs/*.spec, signs the packages with a key of this node's own, and makes a repository of them.
set -eu
key=/etc/pki/rpm-gpg/RPM-GPG-KEY-lab
export GNUPGHOME=/srv/lab/gpg

if [ ! -d "$GNUPGHOME" ]; then
    mkdir -m 0700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key lab@nodemend.invalid rsa2048 sign never
    gpg --batch --armor --export lab@nodemend.invalid >"$key"
fi
for spec in /srv/lab/specs/*.spec; do
    # The packages hold nothing to strip or compress.
    rpmbuild --quiet -bb --define '__os_install_post %{nil}' --define '_topdir /srv/lab/build' --define '_rpmdir /srv/lab/repository' "$spec"
done
find /srv/lab/repository -name '*.rpm' -exec rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name lab@nodemend.invalid' --addsign {} +
createrepo_c --quiet /srv/lab/repository
cat >/etc/yum.repos.d/lab.repo <<REPO
[lab]
name=Packages of the lab
baseurl=file:///srv/lab/repository
enabled=1
gpgcheck=1
gpgkey=file://$key
REPO
