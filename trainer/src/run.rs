//! One run: from its configuration and the images to the files of its folder.

pub mod checkpoint;
pub mod context;
pub mod initialise;
pub mod layers;
pub mod lock;
pub mod provenance;
pub mod retrain;
pub mod session;
