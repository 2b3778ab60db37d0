"""What the child and whoever asks it say to each other. It knows no decoder, so a process that only asks loads none."""

import struct

REQUEST = struct.Struct(">I")
"""How long the picture is that follows."""
ANSWER = struct.Struct(">cIII")
"""A verdict, width, height, and how long the new picture is that follows."""
GOOD, WRONG_TYPE, TOO_MANY_PIXELS, BROKEN = b"g", b"t", b"p", b"b"
