"""What a shop's staff can do with its program and its members' points, one verb each."""
