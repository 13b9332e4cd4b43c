"""audioop, which CPython no longer has: operations on fragments of sound, made of signed samples of 1 to 4 bytes.

Functions and results are those of Python 3.12's module of this name. u-LAW and A-LAW are ITU-T G.711's, ADPCM is the
Interactive Multimedia Association's.
"""

import array
import functools
import itertools
import math
import operator


class error(Exception):
    pass


_CODES = {1: "b", 2: "h", 4: "i"}  # of the module array, whose byte order is the machine's, as the fragments' is


def _check_width(width):
    if width not in (1, 2, 3, 4):
        raise error("Size should be 1, 2, 3 or 4")


def _bytes(fragment):
    return memoryview(fragment).cast("B")


def _samples(fragment, width):
    """The samples as a sequence of integers."""
    _check_width(width)
    data = _bytes(fragment)
    if len(data) % width:
        raise error("not a whole number of frames")
    if width == 3:
        return [int.from_bytes(data[i : i + 3], "little", signed=True) for i in range(0, len(data), 3)]
    return array.array(_CODES[width], data.tobytes())


def _pack(values, width):
    if width == 3:
        return b"".join(value.to_bytes(3, "little", signed=True) for value in values)
    return array.array(_CODES[width], values).tobytes()


def _clip(width):
    """A function that limits a number to the samples' range and rounds it down."""
    limit = 1 << (8 * width - 1)
    highest, lowest = limit - 1, -limit

    def clip(value):
        if value != value:
            return lowest
        return highest if value > highest else lowest if value < lowest + 1 else math.floor(value)

    return clip


def _resize(value, width, new_width):
    shift = 8 * (new_width - width)
    return value << shift if shift >= 0 else value >> -shift


# ---- measures ----------------------------------------------------------------------------------------------------


def getsample(fragment, width, index, /):
    samples = _samples(fragment, width)
    if not 0 <= index < len(samples):
        raise error("Index out of range")
    return samples[index]


def minmax(fragment, width, /):
    samples = _samples(fragment, width)
    return _least(samples, default=0x7FFFFFFF), _greatest(samples, default=-0x80000000)


_least, _greatest = min, max


def max(fragment, width, /):
    return _greatest(map(abs, _samples(fragment, width)), default=0)


def avg(fragment, width, /):
    samples = _samples(fragment, width)
    return math.floor(sum(samples) / len(samples)) if samples else 0


def rms(fragment, width, /):
    samples = _samples(fragment, width)
    return int(math.sqrt(_energy(samples) / len(samples))) if samples else 0


def cross(fragment, width, /):
    """The number of changes of sign; -1 for an empty fragment."""
    signs = [sample < 0 for sample in _samples(fragment, width)]
    return sum(map(operator.ne, signs, signs[1:])) if signs else -1


def _peak_distances(fragment, width):
    """Distances of samples where the curve turns from the one where it turned before."""
    curve = [value for value, _ in itertools.groupby(_samples(fragment, width))]
    turns = [b for a, b, c in zip(curve, curve[1:], curve[2:]) if (a < b) == (b > c)]
    return [abs(a - b) for a, b in itertools.pairwise(turns)]


def avgpp(fragment, width, /):
    distances = _peak_distances(fragment, width)
    return sum(distances) // len(distances) if distances else 0


def maxpp(fragment, width, /):
    return _greatest(_peak_distances(fragment, width), default=0)


# ---- search, in samples of two bytes -----------------------------------------------------------------------------


def _pairs(*fragments):
    if any(len(_bytes(fragment)) % 2 for fragment in fragments):
        raise error("Strings should be even-sized")
    return [_samples(fragment, 2) for fragment in fragments]


def _product(a, b):
    return sum(map(operator.mul, a, b))


def _energy(samples):
    return _product(samples, samples)


def _ratio(a, b):
    return a / b if b else math.nan


def findfit(fragment, reference, /):
    """The offset of the slice that a multiple of the reference is closest to, and the factor."""
    samples, wanted = _pairs(fragment, reference)
    count, energy = len(wanted), _energy(wanted)
    if count > len(samples):
        raise error("First sample should be longer")
    best_offset, best_distance, best_match = 0, math.inf, 0
    for offset in range(len(samples) - count + 1):
        slice_ = samples[offset : offset + count]
        match, loudness = _product(slice_, wanted), _energy(slice_)
        distance = _ratio(energy * loudness - match * match, loudness)
        if offset == 0 or distance < best_distance:
            best_offset, best_distance, best_match = offset, distance, match
    return best_offset, _ratio(best_match, energy)


def findfactor(fragment, reference, /):
    samples, wanted = _pairs(fragment, reference)
    if len(samples) != len(wanted):
        raise error("Samples should be same size")
    return _ratio(_product(samples, wanted), _energy(wanted))


def findmax(fragment, length, /):
    (samples,) = _pairs(fragment)
    if not 0 <= length <= len(samples):
        raise error("Input sample should be longer")
    loudness = greatest = _energy(samples[:length])
    best = 0
    for offset in range(1, len(samples) - length + 1):
        loudness += samples[offset + length - 1] ** 2 - samples[offset - 1] ** 2
        if loudness > greatest:
            best, greatest = offset, loudness
    return best


# ---- changes -----------------------------------------------------------------------------------------------------


def mul(fragment, width, factor, /):
    samples, clip = _samples(fragment, width), _clip(width)
    return _pack([clip(sample * float(factor)) for sample in samples], width)


def add(fragment1, fragment2, width, /):
    one = _samples(fragment1, width)
    if len(_bytes(fragment1)) != len(_bytes(fragment2)):
        raise error("Lengths should be the same")
    return _pack(map(_clip(width), map(operator.add, one, _samples(fragment2, width))), width)


def bias(fragment, width, bias, /):
    samples = _samples(fragment, width)
    half = 1 << (8 * width - 1)
    return _pack([(sample + bias + half) % (2 * half) - half for sample in samples], width)


def reverse(fragment, width, /):
    return _pack(_samples(fragment, width)[::-1], width)


def byteswap(fragment, width, /):
    _samples(fragment, width)
    data = bytearray(_bytes(fragment))
    swapped = bytearray(len(data))
    for part in range(width):
        swapped[part::width] = data[width - 1 - part :: width]
    return bytes(swapped)


def tomono(fragment, width, lfactor, rfactor, /):
    samples, clip = _samples(fragment, width), _clip(width)
    if len(samples) % 2:
        raise error("not a whole number of frames")
    left, right = samples[::2], samples[1::2]
    mixed = [clip(a * float(lfactor) + b * float(rfactor)) for a, b in zip(left, right)]
    return _pack(mixed, width)


def tostereo(fragment, width, lfactor, rfactor, /):
    samples, clip = _samples(fragment, width), _clip(width)
    factors = float(lfactor), float(rfactor)
    return _pack([clip(sample * factor) for sample in samples for factor in factors], width)


def lin2lin(fragment, width, newwidth, /):
    samples = _samples(fragment, width)
    _check_width(newwidth)
    return _pack([_resize(sample, width, newwidth) for sample in samples], newwidth)


# ---- frame rate --------------------------------------------------------------------------------------------------


def _check_rates(fragment, width, nchannels, rates, weights):
    _check_width(width)
    if nchannels < 1:
        raise error("# of channels should be >= 1")
    if width * nchannels > 0x7FFFFFFF:
        raise OverflowError("width * nchannels too big for a C int")
    if weights[0] < 1 or weights[1] < 0:
        raise error("weightA should be >= 1, weightB should be >= 0")
    if len(_bytes(fragment)) % (width * nchannels):
        raise error("not a whole number of frames")
    if _least(rates) <= 0:
        raise error("sampling rate not > 0")


def _read_rate_state(state, nchannels, outrate):
    """How far the output is behind, and for each channel the last two samples, in units of four bytes' range."""
    if state is None:
        return -outrate, [0] * nchannels, [0] * nchannels
    if not isinstance(state, tuple):
        raise TypeError("state must be a tuple or None")
    behind, channels = state
    if len(channels) != nchannels:
        raise error("illegal state argument")
    return behind, [channel[0] for channel in channels], [channel[1] for channel in channels]


def ratecv(fragment, width, nchannels, inrate, outrate, state, weightA=1, weightB=0, /):
    """Linear interpolation, behind a filter that mixes each sample with the one before in the ratio of the weights."""
    _check_rates(fragment, width, nchannels, (inrate, outrate), (weightA, weightB))
    divisor = math.gcd(inrate, outrate)
    inrate, outrate = inrate // divisor, outrate // divisor
    behind, before, now = _read_rate_state(state, nchannels, outrate)
    total = float(weightA + weightB)
    samples, out = iter(_samples(fragment, width)), []
    for frame in zip(*[samples] * nchannels):
        before, now = now, [
            int((float(weightA) * _resize(sample, width, 4) + float(weightB) * last) / total)
            for sample, last in zip(frame, now)
        ]
        behind += outrate
        while behind >= 0:
            rest = float(outrate - behind)
            for a, b in zip(before, now):
                out.append(_resize(int((float(a) * behind + float(b) * rest) / outrate), 4, width))
            behind -= inrate
    return _pack(out, width), (behind, tuple(zip(before, now)))


# ---- G.711 -------------------------------------------------------------------------------------------------------


def _ulaw_code(sample):
    """Of a sample of 14 bits: sign, segment and step, all inverted. Segments begin at powers of two less the bias."""
    mask = 0x7F if sample < 0 else 0xFF
    magnitude = _least(abs(sample), 8158) + 33
    segment = magnitude.bit_length() - 6
    return (segment << 4 | magnitude >> (segment + 1) & 15) ^ mask


def _ulaw_sample(code):
    """Of 16 bits."""
    code ^= 0xFF
    magnitude = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


def _alaw_code(sample):
    """Of a sample of 13 bits: sign, segment and step, every other bit inverted."""
    mask = 0xD5 if sample >= 0 else 0x55
    magnitude = sample if sample >= 0 else -sample - 1
    segment = _greatest(magnitude.bit_length() - 5, 0)
    return (segment << 4 | magnitude >> _greatest(segment, 1) & 15) ^ mask


def _alaw_sample(code):
    """Of 16 bits."""
    code ^= 0x55
    segment = code >> 4 & 7
    magnitude = ((code & 15) << 4) + 8
    if segment:
        magnitude = magnitude + 256 << segment - 1
    return magnitude if code & 0x80 else -magnitude


@functools.cache
def _codes(code_of, bits):
    """Codes of all samples of so many bits. A negative sample finds its code from the end."""
    half = 1 << (bits - 1)
    return bytes(map(code_of, itertools.chain(range(half), range(-half, 0))))


def _compress(fragment, width, code_of, bits):
    codes = _codes(code_of, bits)
    return bytes([codes[_resize(sample, width, 4) >> (32 - bits)] for sample in _samples(fragment, width)])


def _expand(fragment, width, sample_of):
    _check_width(width)
    samples = [_resize(sample_of(code), 2, width) for code in range(256)]
    return _pack([samples[code] for code in _bytes(fragment)], width)


def lin2ulaw(fragment, width, /):
    return _compress(fragment, width, _ulaw_code, 14)


def ulaw2lin(fragment, width, /):
    return _expand(fragment, width, _ulaw_sample)


def lin2alaw(fragment, width, /):
    return _compress(fragment, width, _alaw_code, 13)


def alaw2lin(fragment, width, /):
    return _expand(fragment, width, _alaw_sample)


# ---- ADPCM -------------------------------------------------------------------------------------------------------

# The standard's table of steps; each is about a tenth more than the one before.
_STEPS = (
    *(7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107),
    *(118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876),
    *(963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358),
    *(5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086),
    *(29794, 32767),
)
_STEP_CHANGES = (-1, -1, -1, -1, 2, 4, 6, 8)  # by the code without its sign


def _read_adpcm_state(state):
    if state is None:
        return 0, 0
    if not isinstance(state, tuple):
        raise TypeError("state must be a tuple or None")
    value, index = state
    if not -0x8000 <= value <= 0x7FFF or not 0 <= index < len(_STEPS):
        raise ValueError("bad state")
    return value, index


def _adpcm_advance(state, code):
    """What the decoder knows after a code."""
    value, index = state
    step = _STEPS[index]
    change = step >> 3
    for bit, part in ((4, step), (2, step >> 1), (1, step >> 2)):
        if code & bit:
            change += part
    value += -change if code & 8 else change
    index += _STEP_CHANGES[code & 7]
    return _greatest(-0x8000, _least(value, 0x7FFF)), _greatest(0, _least(index, len(_STEPS) - 1))


def _adpcm_code(state, sample):
    value, index = state
    step, code = _STEPS[index], 0
    rest = sample - value
    if rest < 0:
        code, rest = 8, -rest
    for bit in (4, 2, 1):
        if rest >= step:
            code |= bit
            rest -= step
        step >>= 1
    return code


def lin2adpcm(fragment, width, state, /):
    """Two codes a byte, the first in the upper half. Of an odd number of samples the last one's code is lost."""
    samples, state = _samples(fragment, width), _read_adpcm_state(state)
    codes = []
    for sample in samples:
        code = _adpcm_code(state, _resize(sample, width, 2))
        state = _adpcm_advance(state, code)
        codes.append(code)
    return bytes([a << 4 | b for a, b in zip(codes[::2], codes[1::2])]), state


def adpcm2lin(fragment, width, state, /):
    _check_width(width)
    state, out = _read_adpcm_state(state), []
    for byte in _bytes(fragment):
        for code in (byte >> 4, byte & 15):
            state = _adpcm_advance(state, code)
            out.append(_resize(state[0], 2, width))
    return _pack(out, width), state
