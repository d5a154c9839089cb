"""What every page needs: body limits, security headers, CSRF, errors as pages, prepared answers."""
