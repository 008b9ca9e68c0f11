#!/bin/sh
# near_its_end.sh sign CERTIFICATE CA SUBJECT: sign CERTIFICATE (.crt; its .key is there) anew with CA (path without .crt), so that it
#   has lived a year and ends in ten days.
# near_its_end.sh authority CA SUBJECT: the same of a CA, whose key stays: what it has signed is still good with it.
# near_its_end.sh serve PID: as long as PID lives, this host is shown such a certificate at 127.0.0.1:6443.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sign KEY CA SUBJECT OUT [EXTENSIONS]
sign() {
    touch "$work/index"
    cat >"$work/conf" <<CONF
[ca]
default_ca = lab
[lab]
database = $work/index
new_certs_dir = $work
rand_serial = yes
policy = any
default_md = sha256
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[leaf]
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth, serverAuth
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyEncipherment, keyCertSign
subjectKeyIdentifier = hash
CONF
    openssl req -new -key "$1" -subj "$3" -out "$work/csr"
    openssl ca -batch -notext -config "$work/conf" -extensions "${5:-leaf}" -cert "$2.crt" -keyfile "$2.key" -in "$work/csr" -out "$work/new" \
        -startdate "$(date -u -d '-355 days' +%y%m%d%H%M%SZ)" -enddate "$(date -u -d '+10 days' +%y%m%d%H%M%SZ)" 2>/dev/null
    cat "$work/new" >"$4"
}

case $1 in
    sign) sign "${2%.crt}.key" "$3" "$4" "$2" ;;
    authority) sign "$2.key" "$2" "$3" "$2.crt" authority ;;
    serve)
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/key" 2>/dev/null
        sign "$work/key" /etc/kubernetes/pki/ca "/CN=apiserver-loopback-client@1" "$work/crt"
        openssl s_server -quiet -accept 127.0.0.1:16443 -cert "$work/crt" -key "$work/key" >/dev/null 2>&1 </dev/null &
        server=$!
        rule="OUTPUT --protocol tcp --destination 127.0.0.1 --dport 6443 --jump REDIRECT --to-ports 16443"
        # shellcheck disable=SC2086 # words
        iptables --wait --table nat --insert $rule
        while kill -0 "$2" 2>/dev/null; do sleep 0.2; done
        # shellcheck disable=SC2086
        iptables --wait --table nat --delete $rule
        kill "$server"
        ;;
esac
