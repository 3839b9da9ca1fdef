pub mod link;
pub mod object;
