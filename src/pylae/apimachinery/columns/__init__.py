"""What `kubectl get` prints of each kind: a file for a family of kinds, and `column` for what all of them share."""
