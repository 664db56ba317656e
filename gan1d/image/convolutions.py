"""The stride-2 convolution of the critic and the transposed one of the generator, as two derivatives of one trilinear form.

T(x, w, y) = sum over b, i, j, s, t, c, d of x[b, 2i + s - p, 2j + t - p, c] w[s, t, c, d] y[b, i, j, d], p = (k - 2) // 2, x read as 0
outside the image: k x k kernels, stride 2, "SAME" padding. Then down(x, w) = dT/dy, up(y, w) = dT/dx, correlate(x, y) = dT/dw, and the
derivatives of each are the other two, at every order: the gradient penalty needs the second.

Every convolution here is XLA's own. On a CPU, XLA is up to 35 times slower where an input is spread with zeros (`up`, as it has it)
than where it is not; there, each of the 2 x 2 pixels that a feature becomes is a convolution of its own (`_phases`), of the same terms.
Source of the identity: Shi et al. 2016, arXiv:1609.07009.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

LAYOUT = ("NHWC", "HWIO", "NHWC")
FEW = 4
"""Image channels up to which the plain transposed convolution is the quicker one on a CPU too."""


@jax.custom_vjp
def down(x: jax.Array, w: jax.Array) -> jax.Array:
    """Convolution with stride 2: images x (B, 2H, 2W, C), kernel w (k, k, C, D) -> (B, H, W, D)."""
    return lax.conv_general_dilated(x, w, (2, 2), "SAME", dimension_numbers=LAYOUT)


@jax.custom_vjp
def up(y: jax.Array, w: jax.Array) -> jax.Array:
    """Transposed convolution with stride 2: features y (B, H, W, D), kernel w (k, k, C, D) -> (B, 2H, 2W, C).

    Source: Zeiler et al. 2010, CVPR; TensorFlow's `conv2d_transpose` has the same kernel.
    """
    if w.shape[2] <= FEW:
        return _plain(y, w)
    return lax.platform_dependent(y, w, cpu=_phases, default=_plain)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def correlate(x: jax.Array, y: jax.Array, k: int) -> jax.Array:
    """The kernel's gradient: images x (B, 2H, 2W, C), features y (B, H, W, D) -> (k, k, C, D)."""
    kernel = jax.ShapeDtypeStruct((k, k, x.shape[-1], y.shape[-1]), x.dtype)
    convolve = partial(lax.conv_general_dilated, window_strides=(2, 2), padding="SAME", dimension_numbers=LAYOUT)
    return jax.linear_transpose(lambda w: convolve(x, w), kernel)(y)[0]


Pair = tuple[jax.Array, jax.Array]


def _down_there(x: jax.Array, w: jax.Array) -> tuple[jax.Array, Pair]:
    return down(x, w), (x, w)


def _down_back(kept: Pair, y: jax.Array) -> Pair:
    x, w = kept
    return up(y, w), correlate(x, y, w.shape[0])


def _up_there(y: jax.Array, w: jax.Array) -> tuple[jax.Array, Pair]:
    return up(y, w), (y, w)


def _up_back(kept: Pair, x: jax.Array) -> Pair:
    y, w = kept
    return down(x, w), correlate(x, y, w.shape[0])


def _correlate_there(x: jax.Array, y: jax.Array, k: int) -> tuple[jax.Array, Pair]:
    return correlate(x, y, k), (x, y)


def _correlate_back(k: int, kept: Pair, w: jax.Array) -> Pair:
    x, y = kept
    return up(y, w), down(x, w)


down.defvjp(_down_there, _down_back)
up.defvjp(_up_there, _up_back)
correlate.defvjp(_correlate_there, _correlate_back)


def _plain(y: jax.Array, w: jax.Array) -> jax.Array:
    """`up` as XLA has it: a convolution of features spread with zeros."""
    b, h, v, _ = y.shape
    images = jax.ShapeDtypeStruct((b, 2 * h, 2 * v, w.shape[2]), y.dtype)
    convolve = partial(lax.conv_general_dilated, window_strides=(2, 2), padding="SAME", dimension_numbers=LAYOUT)
    return jax.linear_transpose(lambda x: convolve(x, w), images)(y)[0]


def _phases(y: jax.Array, w: jax.Array) -> jax.Array:
    """`up` as four convolutions of the features themselves, one for each row and column of the 2 x 2 pixels that a feature becomes."""
    b, h, v, _ = y.shape
    turned = jnp.swapaxes(w, 2, 3)[::-1, ::-1]

    def phase(row: int, column: int) -> jax.Array:
        (down_by, rows), (right_by, columns) = _taps(w.shape[0], row), _taps(w.shape[1], column)
        kernel = turned[down_by::2, right_by::2]
        return lax.conv_general_dilated(y, kernel, (1, 1), (rows, columns), dimension_numbers=LAYOUT)

    pixels = [jnp.stack([phase(row, 0), phase(row, 1)], axis=3) for row in (0, 1)]
    return jnp.stack(pixels, axis=2).reshape(b, 2 * h, 2 * v, w.shape[2])


def _taps(k: int, phase: int) -> tuple[int, Any]:
    """Along one side: the first of every second tap of the turned kernel that this phase has, and the padding that goes with them."""
    before = (k - 2) // 2
    taps = [t for t in range(k) if (t - before - phase) % 2 == 0]
    reach = [(phase + before - t) // 2 for t in taps]  # pixel 2i + phase is tap t of feature i + reach
    return k - 1 - taps[-1], (-min(reach), max(reach))
