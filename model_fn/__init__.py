"""What the Estimators run: networks, losses, the GAN and the mixture discriminator.

Does not know who runs them; imports base alone.
"""
