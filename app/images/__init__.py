"""The image page's parts: runs that train in jobs of their own, what is seen of them, and what can be done with a trained generator."""
