"""Heavy work of scripts: every module here fits a part of a calibration and yields an artefact."""
