"""What people say: surveys, small areas, the sample that would answer, crime beside fear."""
