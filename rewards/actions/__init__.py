"""What is done with rewards and redemptions, one verb each."""
