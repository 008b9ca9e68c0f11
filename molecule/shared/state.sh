#!/bin/sh
# state.sh remember|compare: what a change to this node would show in: /etc and the netfilter rules.
# remember keeps it on the node; compare prints what differs from it and fails.
set -u
kept=/var/tmp/nodemend-lab-state

etc() {
    find /etc -xdev -type f -exec sha256sum {} + | sort -k 2
    find /etc -xdev -printf '%m %U:%G %y %p %l\n' | sort -k 4
}

rules() {
    # The chains of a table have no order of meaning: those that were removed and put back stand behind the others.
    nft --stateless list ruleset 2>/dev/null | grep -v '^# Warning' |
        awk '/^table/ { table = $2 " " $3 } /^table|^}/ { at = table } /^\t(chain|set|map) / { at = table " " $2 } NF { print at ": " $0 }' |
        sort --stable --field-separator=: --key=1,1
    # Asking the legacy tool would create the very tables it is asked about, so only those that exist are read.
    for family in ip ip6; do
        sort "/proc/net/${family}_tables_names" 2>/dev/null | while read -r table; do
            echo "# $family legacy $table"
            "${family}tables-legacy-save" -t "$table" 2>/dev/null | sed '/^#/d; s/ \[[0-9:]*\]$//'
        done
    done
}

case $1 in
    remember) { etc; rules; } >"$kept" ;;
    compare)
        [ -f "$kept" ] || { echo "prepare.yml did not remember the state (molecule/shared/remember.yml)"; exit 1; }
        { etc; rules; } | diff "$kept" -
        ;;
esac
