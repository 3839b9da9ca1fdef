//! Instructions that Cranelift leaves to a library on CPUs without SSE4.1 or FMA. Called by compiled code with floats
//! in vector registers, so the C calling convention is right.
//!
//! They must give the bits that Wasm demands: exact results, the sign of zero kept, and a quiet NaN for a NaN. `libm`'s
//! `rint` rounds ties to even and does not look at the rounding mode, which nobody changes.

macro_rules! libcalls {
    ($($symbol:literal $name:ident($($parameter:ident),*) $type:ty = $function:path;)*) => {
        $(
            #[unsafe(export_name = $symbol)]
            pub extern "C" fn $name($($parameter: $type),*) -> $type {
                quiet($function($(quiet($parameter)),*))
            }
        )*

        /// The names above, in order: a test holds them against the contract's.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($symbol),*];
    };
}

/// Makes a signalling NaN quiet, as every operation of Wasm does; anything else passes unchanged.
trait Quiet {
    fn quiet(self) -> Self;
}

impl Quiet for f32 {
    #[inline(always)]
    fn quiet(self) -> f32 {
        if self.is_nan() { f32::from_bits(self.to_bits() | 1 << 22) } else { self }
    }
}

impl Quiet for f64 {
    #[inline(always)]
    fn quiet(self) -> f64 {
        if self.is_nan() { f64::from_bits(self.to_bits() | 1 << 51) } else { self }
    }
}

#[inline(always)]
fn quiet<T: Quiet>(value: T) -> T {
    value.quiet()
}

libcalls! {
    "wasmc_ceil_f32"    ceil_f32(x)       f32 = libm::ceilf;
    "wasmc_ceil_f64"    ceil_f64(x)       f64 = libm::ceil;
    "wasmc_floor_f32"   floor_f32(x)      f32 = libm::floorf;
    "wasmc_floor_f64"   floor_f64(x)      f64 = libm::floor;
    "wasmc_trunc_f32"   trunc_f32(x)      f32 = libm::truncf;
    "wasmc_trunc_f64"   trunc_f64(x)      f64 = libm::trunc;
    "wasmc_nearest_f32" nearest_f32(x)    f32 = libm::roundevenf;
    "wasmc_nearest_f64" nearest_f64(x)    f64 = libm::roundeven;
    "wasmc_fma_f32"     fma_f32(x, y, z)  f32 = libm::fmaf;
    "wasmc_fma_f64"     fma_f64(x, y, z)  f64 = libm::fma;
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmc_abi::symbols::libcalls as names;

    #[test]
    fn symbols_are_those_of_the_contract() {
        assert_eq!(
            NAMES,
            [
                names::CEIL_F32,
                names::CEIL_F64,
                names::FLOOR_F32,
                names::FLOOR_F64,
                names::TRUNC_F32,
                names::TRUNC_F64,
                names::NEAREST_F32,
                names::NEAREST_F64,
                names::FMA_F32,
                names::FMA_F64,
            ]
        );
    }

    #[test]
    fn ties_signs_and_nans() {
        assert_eq!(nearest_f64(2.5), 2.0);
        assert_eq!(nearest_f64(-3.5), -4.0);
        assert_eq!(nearest_f32(0.5).to_bits(), 0);
        assert_eq!(nearest_f32(-0.5).to_bits(), (-0.0f32).to_bits());
        assert_eq!(ceil_f64(-0.5).to_bits(), (-0.0f64).to_bits());
        assert_eq!(floor_f32(-0.5), -1.0);
        assert_eq!(trunc_f64(-1.9), -1.0);
        assert_eq!(ceil_f32(f32::INFINITY), f32::INFINITY);
        let signalling = f64::from_bits(0x7ff0_0000_0000_0001);
        for rounded in [ceil_f64(signalling), floor_f64(signalling), trunc_f64(signalling), nearest_f64(signalling)] {
            assert_eq!(rounded.to_bits(), 0x7ff8_0000_0000_0001);
        }
        assert_eq!(fma_f32(16777217.0, 3.0, 0.5), 16777217.0f32.mul_add(3.0, 0.5));
        assert_eq!(fma_f64(0.1, 10.0, -1.0), 0.1f64.mul_add(10.0, -1.0));
        assert!(fma_f64(f64::INFINITY, 0.0, 1.0).is_nan());
    }
}
