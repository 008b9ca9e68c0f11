# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: GRUB's menu and what is chosen in it: entries, the default, and a one-shot next entry.

Read from the files that GRUB itself reads, so nothing is run and nothing is guessed:
grub.cfg (menuentry, submenu, blscfg, set default), grubenv (saved_entry, next_entry) and BLS entries.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads
from .._vercmp import sort_key

# EL, SUSE, openEuler and Amazon call GRUB's folder grub2, Debian and Ubuntu grub.
FOLDERS = ("/boot/grub2", "/boot/grub")
EFI = "/boot/efi/EFI"
ENTRIES = "/boot/loader/entries"

SOURCES = (
    reads("/sys/firmware/efi", "whether the machine was started by UEFI firmware"),
    reads("/boot/grub2/grub.cfg", "GRUB's menu (EL, SUSE, openEuler, Amazon)", root=True),
    reads("/boot/grub/grub.cfg", "GRUB's menu (Debian, Ubuntu)", root=True),
    reads("/boot/grub*/custom.cfg", "a default or entries of the operator's own", root=True),
    reads("/boot/grub*/grubenv", "saved_entry and next_entry", root=True),
    reads(EFI, "the vendor's folder on the EFI system partition", root=True),
    reads("/boot/efi/EFI/*/grub.cfg", "GRUB's menu on UEFI machines (EL 7 and 8, openEuler)", root=True),
    reads("/boot/efi/EFI/*/grubenv", "saved_entry and next_entry there", root=True),
    reads(ENTRIES, "BLS entries (EL 8 and newer, Amazon Linux 2023, Fedora)", root=True),
    reads("/boot/loader/entries/*.conf", "title and kernel of a BLS entry", root=True),
)

_WORD = re.compile(r"""((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)""")
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""")
_DEFAULT = re.compile(r"""^\s*set\s+default=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$""", re.MULTILINE)
_LINUX = ("linux", "linux16", "linuxefi")
_IMAGE = re.compile(r"^(?:vmlinuz|vmlinux|Image|bzImage|kernel)-(.+)$")


def parse_environment(text):
    """Return {name: value} of a grubenv block; the rest of its 1024 bytes is filled with #."""
    values = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            values[name] = value.replace("\\\\", "\\")
    return values


def parse_menu(text):
    """Return the entries of a grub.cfg in its order: [{id, title, release, panic, dracut, entries}].

    release  from the name of the kernel image, None for what boots no Linux
    panic    the weakest of its kernel lines, see weakest()
    dracut   what all of its kernel lines have, see dracut_of()
    entries  of a submenu, None for a plain entry; where blscfg stands, one element {"blscfg": True}
    """
    top = []
    stack = [top]  # the list that an entry belongs to, per open block; None inside functions
    current = None
    arguments = []  # of each kernel line of the current entry
    for line in text.splitlines():
        line = line.strip()
        words = _words(line)
        if not words or line.startswith("#"):
            continue
        if words[0] in ("menuentry", "submenu") and words[-1] == "{":
            entry = {
                "title": words[1],
                "id": _entry_id(words),
                "release": None,
                "panic": None,
                "dracut": {},
                "entries": [] if words[0] == "submenu" else None,
            }
            if stack[-1] is not None:
                stack[-1].append(entry)
            current = entry if words[0] == "menuentry" else None
            arguments = []
            stack.append(entry["entries"])
        elif words[-1] == "{":
            stack.append(None)
        elif words[0] == "}" and len(stack) > 1:
            stack.pop()
            current = None
        elif words[0] in _LINUX and len(words) > 1 and current is not None:
            current["release"] = release_of(words[1])
            arguments.append(words[2:])
            current["panic"] = weakest([panic_of(line) for line in arguments])
            current["dracut"] = shared([dracut_of(line) for line in arguments])
        elif words[0] == "blscfg" and stack[-1] is not None:
            stack[-1].append({"blscfg": True})
    return top


def _words(line):
    return [_unquoted(word) for word in _WORD.findall(line)]


def _unquoted(word):
    return "".join("".join(piece) for piece in _PIECE.findall(word))


def _entry_id(words):
    for option in ("$menuentry_id_option", "--id"):
        if option in words[:-1]:
            return words[words.index(option) + 1]
    return next((word[5:] for word in words if word.startswith("--id=")), None)


def release_of(path):
    """Return the release of a kernel image as boot loaders name it (with or without /boot, a btrfs subvolume, a device), or None."""
    match = _IMAGE.match(path.rpartition("/")[2])
    return match.group(1) if match else None


def panic_of(arguments):
    """Return the seconds of the last panic= among a kernel's arguments, or None where there is none (the kernel then waits for ever)."""
    values = [word[len("panic=") :] for word in arguments if word.startswith("panic=")]
    return int(values[-1]) if values and re.match(r"-?\d+$", values[-1]) else None


def weakest(panics):
    """Return what can be relied on of several panic=: None or 0 (the kernel waits for ever) where one of them is, else the longest wait.

    With GRUB_FORCE_PARTUUID (Ubuntu's cloud images) an entry has two kernel lines: one without an initramfs and with panic=-1, and one with an
    initramfs and without panic=, for a start after the first has failed.
    """
    if None in panics:
        return None
    return 0 if 0 in panics else max(panics)


def dracut_of(arguments):
    """Return {name: value} of the arguments that tell dracut what to do where it finds no root disk (dracut.cmdline(7)); the last counts."""
    pairs = [word.partition("=")[::2] for word in arguments]
    return dict(pair for pair in pairs if pair[0] in ("rd.shell", "rd.emergency"))


def shared(lines):
    """Return what all of several {name: value} have, with the last one's values."""
    return dict((name, value) for name, value in lines[-1].items() if all(name in line for line in lines))


def parse_default(text):
    """Return what a grub.cfg chooses where no one-shot entry is set: "0", "${saved_entry}", a title, an id; None where it says nothing.

    The first choice counts: later ones stand under conditions (boot counting, greenboot).
    """
    for match in _DEFAULT.finditer(text):
        value = next(group for group in match.groups() if group is not None)
        if "next_entry" not in value:
            return value
    return None


def parse_bls(name, text, common=""):
    """Return the menu entry of one BLS file: its id is the file's name without .conf; common is what $kernelopts stands for."""
    values = dict(line.strip().partition(" ")[::2] for line in text.splitlines() if line.strip())
    values = dict((key, value.strip()) for key, value in values.items())
    arguments = values.get("options", "").replace("$kernelopts", common).split()
    return {
        "title": values.get("title", name[: -len(".conf")]),
        "id": name[: -len(".conf")],
        "release": release_of(values.get("linux", "")) or values.get("version") or None,
        "panic": panic_of(arguments),
        "dracut": dracut_of(arguments),
        "entries": None,
    }


def bls_order(name):
    """Return the key by which GRUB's blscfg sorts an entry (it shows them from the greatest to the least).

    It takes the file's name for a package's: name-version-release, each compared as rpm does.
    """
    parts = name[: -len(".conf")].rsplit("-", 2)
    return [sort_key(part) for part in [""] * (3 - len(parts)) + parts]


def choose(entries, wanted):
    """Return the entry that GRUB starts for a default such as "0", "1>2", a title, an id or "submenu>id"; the first where it finds none.

    As GRUB does (grub-core/normal/menu.c): names first, for EL's ids begin with digits; in a submenu the rest counts.
    None where the menu is empty.
    """
    first, rest = _split(wanted or "")
    entry = None
    for candidate in entries:
        if first and first in (candidate["id"], candidate["title"]):
            entry = candidate
            break
    if entry is None and first.isdigit() and int(first) < len(entries):
        entry = entries[int(first)]
    if entry is None:
        entry, rest = (entries[0] if entries else None), ""
    if entry is not None and entry["entries"] is not None:
        return choose(entry["entries"], rest)
    return entry


def named(entries, wanted):
    """Return the entry whose name or path is exactly this text, or None: no number, and nothing else where it is not found."""
    first, rest = _split(wanted or "")
    entry = next((entry for entry in entries if first and first in (entry["id"], entry["title"])), None)
    return named(entry["entries"], rest) if entry is not None and entry["entries"] is not None else entry


def follows_newest(entry):
    """Return whether an entry of the menu starts whatever kernel is newest: the one at the top, as SUSE saves it by its title."""
    return (entry["id"] or "").startswith("gnulinux-simple-")


def _split(path):
    """Cut submenu>rest; a > that belongs to a title is doubled."""
    parts = re.split(r"(?<!>)>(?!>)", path, maxsplit=1)
    return parts[0].replace(">>", ">"), parts[1] if len(parts) > 1 else ""


def with_paths(entries, prefix=""):
    """Return the menu with a "path" in each entry: what grub-reboot takes for it, "submenu>entry" inside a submenu.

    EL 7's grubby and openEuler's copy the id of an old entry into a new one, so an id that is not unique gives way to the title.
    """
    ids = [entry["id"] for entry in entries]
    named = []
    for entry in entries:
        name = entry["id"] if entry["id"] and ids.count(entry["id"]) == 1 else entry["title"].replace(">", ">>")
        inner = entry["entries"]
        if inner is not None:
            inner = with_paths(inner, prefix + name + ">")
        named.append(dict(entry, path=prefix + name, entries=inner))
    return named


def flat(entries):
    """Return [{id, title, release, panic, dracut}] of a menu with paths, submenus flattened; the id is the path."""
    found = []
    for entry in entries:
        plain = entry["entries"] is None
        found.extend([dict(_told(entry), panic=entry["panic"], dracut=entry["dracut"])] if plain else flat(entry["entries"]))
    return found


def _told(entry):
    return {"id": entry["path"], "title": entry["title"], "release": entry["release"]}


def collect(host):
    """Return {configuration, bls, entries, saved_entry, next_entry, saves, pinned, default, next}, or None without a configuration of GRUB.

    entries      [{id, title, release, panic, dracut}], submenus flattened; panic: seconds until the kernel reboots by itself, None where it
                 waits; dracut: rd.shell and rd.emergency, where the command line has them
    saved_entry, next_entry  as grubenv has them, None where it does not
    saves        bool: the default is the saved entry
    pinned       bool: and it is saved by its name and is a kernel's own, so that it stays the same whatever else is installed
    default      the entry of every boot: {id, title, release}
    next         the entry of the next boot only, or None
    """
    path, text = _configuration(host)
    if path is None:
        return None
    folder = path.rpartition("/")[0]
    custom = host.read(folder + "/custom.cfg") if "custom.cfg" in text else None
    environment = _environment(host, folder)
    menu = []
    bls = False
    for entry in parse_menu(text + "\n" + (custom or "")):
        if entry.get("blscfg"):
            bls = True
            menu.extend(_bls_entries(host, environment.get("kernelopts") or _kernelopts(text)))
        else:
            menu.append(entry)
    menu = with_paths(menu)
    saved, one_shot = environment.get("saved_entry") or None, environment.get("next_entry") or None
    if environment.get("prev_saved_entry"):  # the one-shot mechanism of GRUB 1.98, still honoured by every grub.cfg
        saved, one_shot = environment["prev_saved_entry"], saved
    chosen = parse_default(custom or "") or parse_default(text)
    saves = chosen is not None and "saved_entry" in chosen
    if saves:
        chosen = saved
    default = choose(menu, chosen)
    kept = named(menu, saved) if saves else None
    coming = choose(menu, one_shot) if one_shot else None
    return {
        "configuration": path,
        "bls": bls,
        "entries": flat(menu),
        "saved_entry": saved,
        "next_entry": one_shot,
        "saves": saves,
        "pinned": kept is not None and not follows_newest(kept),
        "default": _told(default) if default else None,
        "next": _told(coming) if coming else None,
    }


def _configuration(host):
    """Return (path, text) of the grub.cfg that holds the menu, or (None, None).

    On UEFI machines EL 7 and 8 and openEuler have it on the EFI system partition; elsewhere what lies there is a stub of a
    few lines that goes on to the one under /boot.
    """
    denied = None
    paths = []
    if host.exists("/sys/firmware/efi"):
        try:
            paths = ["%s/%s/grub.cfg" % (EFI, vendor) for vendor in host.listdir(EFI) or []]
        except Unavailable as exc:
            denied = exc
    for path in paths + [folder + "/grub.cfg" for folder in FOLDERS]:
        try:
            text = host.read(path)
        except Unavailable as exc:
            denied = denied or exc
            continue
        if text is not None and parse_menu(text):
            return path, text
    if denied is not None:
        raise denied
    return None, None


def environment_path(host, folder):
    """Return the path of grubenv, which on UEFI machines lies beside their grub.cfg or under /boot; the former where there is none."""
    return next((place + "/grubenv" for place in (folder,) + FOLDERS if host.exists(place + "/grubenv")), folder + "/grubenv")


def _environment(host, folder):
    return parse_environment(host.read(environment_path(host, folder)) or "")


def _kernelopts(text):
    """Return what grub.cfg of EL 8 takes for $kernelopts where grubenv does not have it."""
    match = re.search(r'^\s*set kernelopts="([^"]*)"', text, re.MULTILINE)
    return match.group(1) if match else ""


def _bls_entries(host, common):
    names = [name for name in host.listdir(ENTRIES) or [] if name.endswith(".conf")]
    entries = []
    for name in sorted(names, key=bls_order, reverse=True):
        text = host.read("%s/%s" % (ENTRIES, name))
        if text is not None:
            entries.append(parse_bls(name, text, common))
    return entries
