"""unsigned.py IMAGE COPY: copy a kernel without its signature, as one of ELRepo's or of one's own has none."""

import pathlib
import struct
import sys

image, copy = map(pathlib.Path, sys.argv[1:])
data = bytearray(image.read_bytes())
# PE/COFF: the offset of the PE header stands at 0x3c; the optional header of PE32+ begins 24 bytes on, and 144 into it stand address and size of the
# certificate table, the last thing in the file (Microsoft's PE format, "optional header data directories").
entry = struct.unpack_from("<I", data, 0x3C)[0] + 24 + 144
address, size = struct.unpack_from("<II", data, entry)
assert size, "%s bears no signature" % image
struct.pack_into("<II", data, entry, 0, 0)
copy.write_bytes(data[:address])
