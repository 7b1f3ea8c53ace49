"""What several machines need before they can run a comparison together: a job script of SLURM, cloud-config and the
config drive of a cloud machine. It writes text and images, starts nothing, and asks no network."""
