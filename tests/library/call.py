"""The library stress, from Python: `call.py LIBRARY`."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])


class Error(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("code", ctypes.c_int32), ("message", ctypes.c_char * 2040)]


library.stress_instantiate.restype = ctypes.c_void_p
library.stress_instantiate.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(Error)]
library.stress_destroy.argtypes = [ctypes.c_void_p]
library.stress_memory_data.restype = ctypes.POINTER(ctypes.c_uint8)
library.stress_memory_data.argtypes = [ctypes.c_void_p]
library.stress_fib.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(Error)]
library.stress_div.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(Error)]
library.stress_put.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(Error)]

error = Error()
instance = library.stress_instantiate(None, None, error)
assert instance and error.kind == 0
assert library.stress_fib(instance, 20, error) == 6765 and error.kind == 0
library.stress_put(instance, 16, 0x01020304, error)
assert bytes(library.stress_memory_data(instance)[16:20]) == b"\4\3\2\1"
library.stress_div(instance, 1, 0, error)
print(error.kind, error.code, error.message.decode().splitlines()[0])
library.stress_destroy(instance)
