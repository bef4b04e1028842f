"""Where events gather: in space, in space and time, and around each other."""
