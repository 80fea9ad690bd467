"""What the Estimators read: datasets, and the streams of weighted minibatches.

Does not know who reads them; imports base alone.
"""
