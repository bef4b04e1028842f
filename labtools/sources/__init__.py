"""Suppliers' files, one module each: bytes in, typed tables and an account out."""
