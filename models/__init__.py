"""Text in, probabilities out: tokens, features, classifiers, artifacts; no routing knowledge."""
