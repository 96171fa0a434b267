"""A small province that runs: real servers on loopback, filled with made-up rows of realistic shape, size and dirt.

Nothing here is a fact about Thanh Hóa but the names of its units, rivers and reservoirs and the handful of published
figures that `reference.md` cites; every source that reads these servers is declared `made_up: true` and every board says so.
"""
